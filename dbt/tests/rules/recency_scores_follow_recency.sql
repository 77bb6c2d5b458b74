-- Who bought later never has a lower recency score, who spent more never a lower monetary one. Returns the scores that overlap the next.
{{ config(meta={'kind': 'business_rule'}) }}

with

people as (

    select * from {{ ref('dim_customers') }}

),

bounds as (

    select
        'recency' as score_of,
        recency_score as score,
        -max(recency_days) as lowest,
        -min(recency_days) as highest
    from people
    where purchases > 0
    group by recency_score
    union all
    select
        'monetary' as score_of,
        monetary_score as score,
        min(revenue) as lowest,
        max(revenue) as highest
    from people
    where purchases > 0
    group by monetary_score

)

select
    lower_bounds.*,
    higher_bounds.lowest as lowest_of_a_higher_score
from bounds as lower_bounds
inner join bounds as higher_bounds on lower_bounds.score_of = higher_bounds.score_of and lower_bounds.score < higher_bounds.score
where lower_bounds.highest >= higher_bounds.lowest
