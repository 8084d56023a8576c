-- Guesses are counted by where they come from, so that nobody's guesses keep the owner of a secret out.
create table login_attempts (
  -- A user, an application credential or an access key; empty: somebody who does not exist.
  subject text not null,
  -- Empty: all from which nobody has logged in lately, together.
  origin text not null,
  failures integer not null default 0,
  -- What was counted is void from then on; where that was too much, it is the end of the lock.
  counts_until timestamptz not null default now(),
  -- The right secret has come from there; until then it is no stranger.
  known_until timestamptz,
  primary key (subject, origin)
);

create index login_attempts_by_end on login_attempts (greatest(counts_until, known_until));

alter table users
  drop column failed_logins,
  drop column locked_until;

alter table access_keys
  drop column failures,
  drop column locked_until;
