-- A word whose sound stands under two concepts of the lexicon would mean either. Returns such sounds.
{{ config(meta={'kind': 'business_rule'}) }}

with

forms as (

    select
        lexicon.concept,
        parts.form like '%*' as is_beginning,
        {{ word_key("replace(parts.form, '*', '')") }} as form_key
    from {{ ref('review_lexicon') }} as lexicon
    cross join {{ parts_of('lexicon.forms', "' '", 'form', 'position') }} as parts

)

select
    form_key,
    is_beginning,
    min(concept) as concept,
    max(concept) as other_concept
from forms
group by form_key, is_beginning
having count(*) > 1
