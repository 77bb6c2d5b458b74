-- A surrogate key is the md5 of the natural key: pinned here for the special members, so that a change of the rule, which would cut
-- every stored key from its dimension, is noticed. Returns the members whose key is another.
{{ config(meta={'kind': 'business_rule'}) }}

with

members as (

    select
        seller_id as natural_key,
        seller_key as surrogate_key
    from {{ ref('dim_sellers') }}
    where is_special_member
    union all
    select
        product_id as natural_key,
        product_key as surrogate_key
    from {{ ref('dim_products') }}
    where is_special_member

)

select *
from members
where
    surrogate_key <> case natural_key
        when 'unknown' then 'ad921d60486366258809553a3db49a4a'
        when 'multiple' then 'ce495ab8d79db0d37413d8e95b54e606'
        else ''
    end
