with

source as (

    select * from {{ source('olist', 'order_reviews') }}

),

renamed as (

    select
        review_id,
        order_id,
        review_score,
        review_comment_title,
        review_comment_message,
        cast(review_creation_date as date) as survey_date,
        {{ moment('review_answer_timestamp') }} as answered_at,
        has_comment,
        is_shared_review
    from source

)

select * from renamed
