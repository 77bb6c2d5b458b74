-- Only who came back is champion, loyal or lapsed; only who bought nothing has no segment of buyers. Returns the people of whom not.
{{ config(meta={'kind': 'business_rule'}) }}

select *
from {{ ref('dim_customers') }}
where
    (segment in ('champion', 'loyal', 'lapsed_loyal')) <> (purchases >= 2)
    or (segment = 'no_purchase') <> (purchases = 0)
    or (recency_score is null) <> (purchases = 0)
    or (segment = 'new') <> (purchases = 1 and recency_score = 5 and monetary_score < 5)
