-- The tables of a store, version 2. FORMAT.md explains them; public are the views (views.sql).
-- Times are UTC microseconds since 1970, durations microseconds. 0 and '' mean "none".

-- Facts on the file itself: format, created_by, redaction_key (32 random bytes), recorder_pid (while
-- one records), details_from (exchanges below have had their http_detail made).
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;

-- One capture run. Its sessions are the ids from first_session up to the next recording's, its
-- exchanges likewise: no row of the hot path needs to name its recording, and no index is kept.
CREATE TABLE recording (
  id             INTEGER PRIMARY KEY,
  name           TEXT NOT NULL UNIQUE,
  command        TEXT NOT NULL,
  started_at     INTEGER NOT NULL,
  ended_at       INTEGER,            -- NULL: still running, or killed
  first_session  INTEGER NOT NULL,
  first_exchange INTEGER NOT NULL,
  sessions       INTEGER,            -- rows written; NULL like ended_at
  exchanges      INTEGER,
  lost_rows      INTEGER NOT NULL DEFAULT 0,
  lost_bytes     INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE rule (
  id              INTEGER PRIMARY KEY,
  recording       INTEGER NOT NULL,
  position        INTEGER NOT NULL,  -- order in the configuration, from 0
  name            TEXT NOT NULL,
  protocol        TEXT NOT NULL,
  client_scheme   TEXT NOT NULL,
  upstream_scheme TEXT NOT NULL,
  listen          TEXT NOT NULL,     -- "localhost:8080"
  upstream        TEXT NOT NULL,     -- "api.example.com:443"; '': each request says (a forward proxy)
  base_url        TEXT NOT NULL,     -- "https://api.example.com/base": default port dropped, no final slash
  definition      TEXT NOT NULL      -- the whole rule as JSON
);

-- One client connection.
CREATE TABLE session (
  id             INTEGER PRIMARY KEY,
  rule           INTEGER NOT NULL,
  opened_at      INTEGER NOT NULL,
  client_address TEXT NOT NULL,
  local_address  TEXT NOT NULL,
  closed_at      INTEGER,            -- NULL: open, or the recorder was killed
  end_reason     TEXT,
  note           TEXT,
  client_bytes   INTEGER,
  server_bytes   INTEGER,
  dropped_bytes  INTEGER
);

-- One connection, or attempt, to an upstream.
CREATE TABLE upstream_connection (
  session     INTEGER NOT NULL,
  number      INTEGER NOT NULL,      -- within the session, from 1
  opened_at   INTEGER NOT NULL,
  destination TEXT NOT NULL,         -- as the route names it
  address     TEXT NOT NULL,         -- the address that answered
  resolve     INTEGER NOT NULL,
  connect     INTEGER NOT NULL,
  error       TEXT NOT NULL,
  place       TEXT NOT NULL DEFAULT '',  -- "https://api.example.com", where its rule does not say
  PRIMARY KEY (session, number)
) WITHOUT ROWID;

-- One TLS handshake, agreed or failed.
CREATE TABLE tls_handshake (
  session      INTEGER NOT NULL,
  upstream     INTEGER NOT NULL,     -- upstream_connection.number; 0: with the client
  layer        INTEGER NOT NULL,     -- from 1; 2 is inside of it (a tunnel through TLS)
  at           INTEGER NOT NULL,
  duration     INTEGER NOT NULL,
  version      TEXT NOT NULL,        -- "TLSv1.3"
  cipher       TEXT NOT NULL,
  server_name  TEXT NOT NULL,        -- SNI
  alpn         TEXT NOT NULL,
  resumed      INTEGER NOT NULL,     -- 0 or 1
  verified     TEXT NOT NULL,        -- of the peer's certificate: "ok", "not checked", or what is wrong
  peer_subject TEXT NOT NULL,
  own_chain    INTEGER NOT NULL,     -- certificate_chain.id of what we sent; 0: nothing
  peer_chain   INTEGER NOT NULL,
  error        TEXT NOT NULL,        -- '': agreed
  PRIMARY KEY (session, upstream, layer)
) WITHOUT ROWID;

-- Certificates as they were sent, leaf first. Handshakes repeat them, so each chain is here once.
CREATE TABLE certificate_chain (
  id   INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,             -- finds a text; equal ones do not prove it equal
  pem  TEXT NOT NULL
);
CREATE INDEX certificate_chain_by_hash ON certificate_chain (hash);

-- A request with its reply: the hot path, one row each. Small columns first, so that lists need not
-- follow the overflow pages of long bodies.
CREATE TABLE exchange (
  id           INTEGER PRIMARY KEY,  -- rises in the order of beginning
  session      INTEGER,
  number       INTEGER,              -- within the session, from 1
  upstream     INTEGER,              -- upstream_connection.number; 0: none
  opener       INTEGER,              -- who sent the first message; 0: client, 1: server
  origin       INTEGER,              -- who made the reply; 0: upstream, 1: Understudy itself
  ending       INTEGER,              -- 0: open, 1: complete, 2, 3, 4: cut by client, upstream, us
  status       INTEGER,
  started_at   INTEGER,
  duration     INTEGER,
  request_size INTEGER,              -- all bytes, those in segments included
  reply_size   INTEGER,              -- while ending is 0: of the bytes in this row only
  protocol     TEXT,
  method       TEXT,
  resource     TEXT,
  chunks       BLOB,                 -- protocols/core/chunk_list.h
  edits        BLOB,                 -- protocols/core/edit_list.h
  note         TEXT,
  request      BLOB,                 -- as received; of a spilled exchange the first part
  reply        BLOB
);

-- What came after the row of an exchange was written: one beat's bytes of one side. Ids rise in the
-- order of writing. The index serves the few exchanges that outlive a beat; others never touch it.
CREATE TABLE segment (
  id       INTEGER PRIMARY KEY,
  exchange INTEGER NOT NULL,
  sender   INTEGER NOT NULL,         -- 0: client, 1: server
  offset   INTEGER NOT NULL,         -- of the first byte among all that the sender sent in the exchange
  size     INTEGER NOT NULL,
  chunks   BLOB NOT NULL,
  bytes    BLOB NOT NULL
);
CREATE INDEX segment_by_exchange ON segment (exchange, sender, offset);

-- Messages taken apart for people, made after the recording, dropped and made again at will.
CREATE TABLE http_detail (
  exchange         INTEGER PRIMARY KEY,
  request_headers  TEXT,             -- [["name","value"],…]
  response_headers TEXT,
  request_body                    ,  -- codings removed; TEXT where it is UTF-8, else BLOB
  response_body                   ,
  note             TEXT              -- why a body is missing
);
