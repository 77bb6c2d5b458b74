-- A concept in a pattern that neither the lexicon nor a phrase yields would silently match nothing. Returns such concepts.
{{ config(meta={'kind': 'business_rule'}) }}

with

patterns as (

    select pattern from {{ ref('review_phrases') }}
    union distinct
    select pattern from {{ ref('review_complaints') }}
    union distinct
    select pattern from {{ ref('review_feelings') }}

),

concepts as (

    select concept from {{ ref('review_lexicon') }}
    union distinct
    select concept from {{ ref('review_phrases') }}

),

named as (

    select
        patterns.pattern,
        {{ dbt.split_part('parts.piece', "'>'", 1) }} as concept
    from patterns
    cross join {{ parts_of('patterns.pattern', "'<'", 'piece', 'position') }} as parts
    where strpos(parts.piece, '>') > 0

)

select named.*
from named
left join concepts on named.concept = concepts.concept
where concepts.concept is null
