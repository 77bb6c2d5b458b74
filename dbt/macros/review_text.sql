{# How int_review_analysis turns Portuguese text into words that a lexicon can know. Regular expressions are RE2's: no look-around, no
   back-references, no \b. #}

{# Whether a text matches a regular expression anywhere. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch("matches", "olist")(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    {{ text }} ~ {{ pattern }}
{%- endmacro %}

{% macro bigquery__matches(text, pattern) -%}
    regexp_contains({{ text }}, {{ pattern }})
{%- endmacro %}

{# A text with every match of a regular expression replaced. #}
{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(adapter.dispatch("replace_matches", "olist")(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ pattern }}, {{ replacement }}, 'g')
{%- endmacro %}

{% macro bigquery__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ pattern }}, {{ replacement }})
{%- endmacro %}

{# What the first group matched, for replace_matches, between blanks. #}
{% macro first_group() -%}
    {{ return(adapter.dispatch("first_group", "olist")()) }}
{%- endmacro %}

{% macro default__first_group() -%}
    ' \1 '
{%- endmacro %}

{% macro bigquery__first_group() -%}
    ' \\1 '
{%- endmacro %}

{# A relation of the parts of a text between delimiters, one a row, with their position; to stand after `cross join`, before an alias. #}
{% macro parts_of(text, delimiter, part, position) -%}
    {{ return(adapter.dispatch("parts_of", "olist")(text, delimiter, part, position)) }}
{%- endmacro %}

{% macro default__parts_of(text, delimiter, part, position) -%}
    lateral (
        select {{ part }}, {{ position }}
        from unnest(string_to_array({{ text }}, {{ delimiter }})) with ordinality as split_text ({{ part }}, {{ position }})
    )
{%- endmacro %}

{% macro bigquery__parts_of(text, delimiter, part, position) -%}
    unnest(array(
        select as struct
            piece as {{ part }},
            place + 1 as {{ position }}
        from unnest(split({{ text }}, {{ delimiter }})) as piece with offset as place
    ))
{%- endmacro %}

{# The texts of a group in one, in order. #}
{% macro joined_in_order(text, delimiter, order_by) -%}
    {{ dbt.listagg(text, delimiter, "order by " ~ order_by) }}
{%- endmacro %}

{#
    Title and message as plain words, separated by single blanks: lower case, no accents, a full stop for every mark that ends or
    interrupts a clause. Figures with decimals, dates and the like vanish; other figures stand alone.
#}
{% macro plain_words(title, message) -%}
    {%- set text = "translate(lower(coalesce(" ~ title ~ ", '') || ' . ' || coalesce(" ~ message ~ ", '')), "
        ~ "'áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ', 'aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn')" -%}
    {%- set figures = replace_matches(text, "'[0-9]+[/.,:-]+[0-9][0-9/.,:-]*|([0-9]+)'", first_group()) -%}
    {%- set clauses = replace_matches(figures, "'[.,;:!?()\"\\n\\r]+'", "' . '") -%}
    trim({{ replace_matches(clauses, "'[^a-z0-9.]+'", "' '") }})
{%- endmacro %}

{#
    How a word sounds rather than how it is spelt, so that `recebi`, `resebi` and `recebii` are one: c before e and i as s, ch as x, z as s,
    y as i, k as c, no initial h, no doubled letters but rr.
#}
{% macro word_key(word) -%}
    {%- set ns = namespace(sql=word) -%}
    {%- for spelt, sound in [("ce", "se"), ("ci", "si"), ("ch", "x")] -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", '" ~ spelt ~ "', '" ~ sound ~ "')" -%}
    {%- endfor -%}
    {%- set ns.sql = "translate(" ~ ns.sql ~ ", 'zyk', 'sic')" -%}
    {%- for spelt, sound in [("xc", "x"), ("sc", "s")] -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", '" ~ spelt ~ "', '" ~ sound ~ "')" -%}
    {%- endfor -%}
    {%- set ns.sql = replace_matches(ns.sql, "'^h'", "''") -%}
    {%- for letter in "abcdefgijlmnopqstuvx" -%}
        {%- set ns.sql = replace_matches(ns.sql, "'" ~ letter ~ letter ~ "+'", "'" ~ letter ~ "'") -%}
    {%- endfor -%}
    {{ replace_matches(ns.sql, "'rrr+'", "'r'") }}
{%- endmacro %}
