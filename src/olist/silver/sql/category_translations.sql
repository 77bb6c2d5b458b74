-- English names of the categories.
SELECT * FROM valid_category_translations
