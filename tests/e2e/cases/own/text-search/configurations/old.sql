CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION words (PARSER = default);
ALTER TEXT SEARCH CONFIGURATION words ADD MAPPING FOR asciiword, word WITH plain;
CREATE TABLE t (a text, b tsvector GENERATED ALWAYS AS (to_tsvector('public.words', a)) STORED);
