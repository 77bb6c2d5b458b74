-- Of the orders placed after the fit's cut-off, each level sees a larger share of problems than the one below it. A warning: it says that
-- the score has aged and wants a new fit, not that a figure is wrong. Levels of fewer than 200 orders say
-- nothing. Returns the levels of which that is not so.
{{ config(meta={'kind': 'business_rule'}, severity='warn') }}

with

levels as (

    select
        case risk_level when 'low' then 1 when 'medium' then 2 when 'high' then 3 when 'critical' then 4 end as level,
        risk_level,
        sum(problem_orders) as problem_orders,
        sum(judged_orders) as judged_orders
    from {{ ref('agg_risk_distribution') }}
    where month >= cast('{{ var("risk_cutoff_date") }}' as date) and risk_level <> 'not_scored'
    group by risk_level
    having sum(judged_orders) >= 200

),

shares as (

    select
        *,
        {{ ratio('problem_orders', 'judged_orders') }} as problem_share,
        lag({{ ratio('problem_orders', 'judged_orders') }}) over (order by level asc) as share_of_lower_level
    from levels

)

select *
from shares
where problem_share <= share_of_lower_level
