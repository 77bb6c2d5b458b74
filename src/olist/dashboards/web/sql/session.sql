-- What every session of the web dashboards is held to: it reads, and gives up rather than wait.
SET default_transaction_read_only = on;
SET statement_timeout = '20s';
SET lock_timeout = '5s';
SET timezone = 'UTC';
