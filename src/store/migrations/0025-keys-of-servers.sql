-- The key itself, beside the name that it had: an installation must not depend on whether the keypair is still there, nor
-- on whose it was.
alter table servers add column public_key text;
update servers v set public_key = k.public_key from keypairs k where k.user_id = v.user_id and k.name = v.key_name;
