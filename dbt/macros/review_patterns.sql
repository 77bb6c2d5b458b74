{#
    CTEs that make regular expressions of the patterns in the review seeds, which must stand before as `lexicon`, `phrases`, `complaints`
    and `feelings`. `symbols` gives every concept one character, so that a sentence is short and matching it is fast; `regexes` has one
    row per phrase, rule or feeling, its patterns joined by `|`, their concepts replaced by symbols.
#}
{% macro compiled_review_patterns() -%}
symbols as (

    select
        concept,
        case concept
            when 'ignored' then ''
            when 'unknown' then '_'
            when 'stop' then '.'
            else chr({{ whole('255 + row_number() over (order by concept)') }})
        end as symbol
    from (
        select concept from lexicon
        union distinct
        select concept from phrases
    ) as concepts

),

patterns as (

    select 'phrase' as kind, turn, concept as outcome, pattern from phrases
    union distinct
    select 'complaint', turn, rule, pattern from complaints
    union distinct
    select 'feeling', null, feeling, pattern from feelings

),

{# Cut at every `<`, all pieces but the first begin with a concept: `not>` and `receive>$` of `^<not><receive>$`. #}
pieces as (

    select
        patterns.kind,
        patterns.turn,
        patterns.outcome,
        patterns.pattern,
        parts.position,
        case when strpos(parts.piece, '>') > 0 then {{ dbt.split_part('parts.piece', "'>'", 1) }} end as concept,
        case when strpos(parts.piece, '>') > 0 then {{ dbt.split_part('parts.piece', "'>'", 2) }} else parts.piece end as rest
    from patterns
    cross join {{ parts_of("replace(patterns.pattern, '(', '(?:')", "'<'", 'piece', 'position') }} as parts

),

spelt_patterns as (

    select
        pieces.kind,
        pieces.turn,
        pieces.outcome,
        pieces.pattern,
        {{ joined_in_order("coalesce(symbols.symbol, '') || pieces.rest", "''", 'pieces.position') }} as spelt
    from pieces
    left join symbols on pieces.concept = symbols.concept
    group by pieces.kind, pieces.turn, pieces.outcome, pieces.pattern

),

regexes as (

    select
        kind,
        turn,
        outcome,
        {{ joined_in_order("'(?:' || spelt || ')'", "'|'", 'pattern') }} as regex
    from spelt_patterns
    group by kind, turn, outcome

)
{%- endmacro %}

{# The regular expression of a feeling. #}
{% macro regex_of(feeling) -%}
    (select regex from regexes where kind = 'feeling' and outcome = '{{ feeling }}')
{%- endmacro %}
