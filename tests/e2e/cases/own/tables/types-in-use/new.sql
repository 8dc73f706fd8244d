CREATE DOMAIN public.code AS text CHECK (VALUE <> 'y');
CREATE DOMAIN public.short_code AS public.code CHECK (length(VALUE) < 9);
CREATE TYPE public.address AS (street text, zip varchar(10));
CREATE TYPE public.span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE TABLE public.places (
    id integer PRIMARY KEY,
    code public.code NOT NULL DEFAULT 'c',
    short public.short_code,
    codes public.code[] DEFAULT '{}',
    home public.address,
    open public.span,
    CONSTRAINT places_code_check CHECK (code <> '')
);
CREATE INDEX places_code ON public.places (code);
CREATE TABLE public.visits (code public.code REFERENCES public.codes (code));
CREATE TABLE public.codes (code public.code PRIMARY KEY);
CREATE VIEW public.known AS SELECT id, code, (home).zip FROM public.places WHERE code <> 'x';
CREATE FUNCTION public.places_of(wanted public.code) RETURNS bigint LANGUAGE sql STABLE
    AS 'SELECT count(*) FROM public.places p WHERE p.code = wanted';
