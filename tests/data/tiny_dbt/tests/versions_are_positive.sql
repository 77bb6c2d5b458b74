select * from {{ ref('tiny_items') }} where version < 0
