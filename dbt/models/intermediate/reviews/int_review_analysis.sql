{{ config(materialized='table') }}

with recursive

reviews as (

    select
        review_id,
        order_id,
        has_comment,
        {{ plain_words('review_comment_title', 'review_comment_message') }} as text
    from {{ ref('stg_olist__order_reviews') }}

),

lexicon as (

    select * from {{ ref('review_lexicon') }}

),

phrases as (

    select * from {{ ref('review_phrases') }}

),

complaints as (

    select * from {{ ref('review_complaints') }}

),

feelings as (

    select * from {{ ref('review_feelings') }}

),

{{ compiled_review_patterns() }},

texts as (

    select
        text,
        {{ whole('row_number() over (order by text)') }} as text_id
    from reviews
    where has_comment
    group by text

),

words as (

    select
        texts.text_id,
        parts.position,
        parts.word
    from texts
    cross join {{ parts_of('texts.text', "' '", 'word', 'position') }} as parts

),

keys as (

    select
        word,
        {{ word_key('word') }} as word_key
    from words
    group by word

),

-- A form that ends in `*` is the beginning of a word.
forms as (

    select
        symbols.symbol,
        parts.form like '%*' as is_beginning,
        {{ word_key("replace(parts.form, '*', '')") }} as form_key
    from lexicon
    inner join symbols on lexicon.concept = symbols.concept
    cross join {{ parts_of('lexicon.forms', "' '", 'form', 'position') }} as parts

),

beginnings as (

    select
        keys.word,
        keys.word_key,
        {{ whole('lengths.generated_number') }} as key_length
    from keys
    inner join {{ numbers(20) }} as lengths on length(keys.word_key) >= lengths.generated_number

),

-- Longer forms know a word better than shorter ones, the whole word better than a beginning.
candidates as (

    select
        beginnings.word,
        forms.symbol,
        row_number() over (partition by beginnings.word order by beginnings.key_length desc, forms.is_beginning asc) as rank
    from beginnings
    inner join forms
    on
        forms.form_key = substr(beginnings.word_key, 1, beginnings.key_length)
        and (forms.is_beginning or length(beginnings.word_key) = beginnings.key_length)

),

-- A figure that no form knows says nothing, another unknown word at least that there is one.
meanings as (

    select
        keys.word,
        coalesce(candidates.symbol, case when {{ matches('keys.word', "'^[0-9]*$'") }} then '' else '_' end) as symbol
    from keys
    left join candidates on keys.word = candidates.word and candidates.rank = 1

),

sentences as (

    select
        words.text_id,
        ltrim({{ joined_in_order('meanings.symbol', "''", 'words.position') }}, '.') as concepts
    from words
    inner join meanings on words.word = meanings.word
    group by words.text_id

),

-- In their turns, phrases rewrite the concepts and rules look for a complaint; the first rule that matches decides.
readings as (

    select
        text_id,
        concepts,
        cast(null as {{ dbt.type_string() }}) as rule,
        -1 as turn
    from sentences

    union all

    select
        readings.text_id,
        case regexes.kind
            when 'phrase' then {{ replace_matches('readings.concepts', 'regexes.regex', 'symbols.symbol') }}
            else readings.concepts
        end,
        case when regexes.kind = 'complaint' and {{ matches('readings.concepts', 'regexes.regex') }} then regexes.outcome end,
        regexes.turn
    from readings
    inner join regexes on regexes.turn = readings.turn + 1
    left join symbols on regexes.outcome = symbols.concept
    where readings.rule is null

),

-- Praise that is denied ("não gostei") is scorn.
understood as (

    select
        text_id,
        rule,
        {{ replace_matches('concepts', regex_of('negated_praise'), "(select symbol from symbols where concept = 'bad')") }} as concepts
    from readings
    where rule is not null or turn = (select max(regexes.turn) from regexes)

),

felt_or_not as (

    select
        understood.text_id,
        understood.rule,
        regexes.outcome,
        {{ matches('understood.concepts', 'regexes.regex') }} as is_felt
    from understood
    cross join regexes
    where regexes.kind = 'feeling'

),

felt as (

    select
        text_id,
        rule,
        max(case when outcome = 'scorn' and is_felt then 1 else 0 end) = 1 as has_scorn,
        max(case when outcome = 'praise' and is_felt then 1 else 0 end) = 1 as has_praise,
        max(case when outcome = 'delight' and is_felt then 1 else 0 end) = 1 as has_delight,
        max(case when outcome = 'approval' and is_felt then 1 else 0 end) = 1 as has_approval
    from felt_or_not
    group by text_id, rule

),

rules as (

    select distinct
        rule,
        complaint_category
    from complaints

),

judged as (

    select
        texts.text,
        case when rules.complaint_category <> 'none' then felt.rule end as rule,
        coalesce(rules.complaint_category, 'none') as complaint_category,
        felt.has_scorn,
        felt.has_praise,
        felt.has_delight,
        felt.has_approval
    from texts
    inner join felt on texts.text_id = felt.text_id
    left join rules on felt.rule = rules.rule

),

analysed as (

    select
        reviews.review_id,
        reviews.order_id,
        coalesce(judged.complaint_category, 'none') as complaint_category,
        judged.rule as complaint_rule,
        case
            when judged.text is null then null
            when judged.complaint_category <> 'none' and (judged.has_scorn or not judged.has_praise) then 'negative'
            when judged.complaint_category <> 'none' and judged.has_delight then 'positive'
            when judged.complaint_category <> 'none' then 'neutral'
            when judged.has_scorn and judged.has_praise then 'neutral'
            when judged.has_scorn then 'negative'
            when judged.has_praise or judged.has_approval then 'positive'
            else 'neutral'
        end as sentiment
    from reviews
    left join judged on reviews.has_comment and reviews.text = judged.text

)

select * from analysed
