INSERT INTO public.places (id, code, home, open) VALUES (1, 'a', ROW ('Long Street', '12'), '[1,2)');
