-- Phrases and rules are applied turn by turn from 0: where one is missing, all that follow would be left out, and what shares a turn would
-- be applied in any order. Returns the turns that have no predecessor or more than one outcome.
{{ config(meta={'kind': 'business_rule'}) }}

with

steps as (

    select
        turn,
        concept as outcome
    from {{ ref('review_phrases') }}
    union distinct
    select
        turn,
        {{ dbt.concat(['rule', "' '", 'complaint_category']) }} as outcome
    from {{ ref('review_complaints') }}

),

turns as (

    select
        turn,
        count(*) as outcomes,
        lag(turn) over (order by turn asc) as turn_before
    from steps
    group by turn

)

select *
from turns
where outcomes > 1 or turn <> coalesce(turn_before, -1) + 1
