-- Filters that single out a few servers among very many. Neither column changes when a server moves, so that the updates
-- of the engine stay out of these indexes; one on updated_at would be written with every move, and there is none.
create index servers_by_tag on servers using gin (tags);
create index servers_by_reservation on servers (reservation_id);
