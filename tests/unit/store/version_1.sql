-- A store as version 1 of the format left it: what older programs wrote, kept so that the migrations
-- have something real to work on. The schema is that of version 1, word for word; never change it.
PRAGMA page_size = 32768;
PRAGMA journal_mode = WAL;
BEGIN;

-- The schema of a store, version 1. FORMAT.md explains it; the five views are public, the tables are not.
-- Times are UTC microseconds since 1970, durations microseconds. 0 and '' mean "none" in the tables;
-- the views show NULL for them.

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
  upstream        TEXT NOT NULL,     -- "api.example.com:443"
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
  destination TEXT NOT NULL,         -- as the rule names it
  address     TEXT NOT NULL,         -- the address that answered
  resolve     INTEGER NOT NULL,
  connect     INTEGER NOT NULL,
  error       TEXT NOT NULL,
  PRIMARY KEY (session, number)
) WITHOUT ROWID;

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

CREATE VIEW recordings AS
SELECT r.id, r.name,
       strftime('%Y-%m-%dT%H:%M:%S', r.started_at / 1000000, 'unixepoch')
         || printf('.%06dZ', r.started_at % 1000000) AS started_at,
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch')
         || printf('.%06dZ', r.ended_at % 1000000) AS ended_at,
       coalesce(r.sessions, max(0, 1 - r.first_session + coalesce(
         (SELECT max(id) FROM session WHERE id < coalesce(
           (SELECT min(first_session) FROM recording WHERE id > r.id), 0x7fffffffffffffff)), 0)))
         AS sessions,
       coalesce(r.exchanges, max(0, 1 - r.first_exchange + coalesce(
         (SELECT max(id) FROM exchange WHERE id < coalesce(
           (SELECT min(first_exchange) FROM recording WHERE id > r.id), 0x7fffffffffffffff)), 0)))
         AS exchanges,
       (SELECT count(*) FROM rule WHERE rule.recording = r.id) AS rules,
       nullif(r.command, '') AS command, r.lost_rows, r.lost_bytes
  FROM recording r;

CREATE VIEW sessions AS
SELECT s.id, r.name AS recording, s.id - r.first_session + 1 AS number, u.name AS rule,
       strftime('%Y-%m-%dT%H:%M:%S', s.opened_at / 1000000, 'unixepoch')
         || printf('.%06dZ', s.opened_at % 1000000) AS opened_at,
       strftime('%Y-%m-%dT%H:%M:%S', s.closed_at / 1000000, 'unixepoch')
         || printf('.%06dZ', s.closed_at % 1000000) AS closed_at,
       (s.closed_at - s.opened_at) / 1000.0 AS duration_ms,
       s.client_address, s.local_address, nullif(s.end_reason, '') AS end_reason,
       nullif(s.note, '') AS note, s.client_bytes, s.server_bytes, s.dropped_bytes
  FROM session s JOIN rule u ON u.id = s.rule JOIN recording r ON r.id = u.recording;

CREATE VIEW exchanges AS
SELECT e.id, r.name AS recording, e.id - r.first_exchange + 1 AS number,
       s.id - r.first_session + 1 AS session, u.name AS rule, e.protocol,
       iif(e.opener = 0, 'client', 'server') AS opener,
       iif(e.origin = 0, 'upstream', 'understudy') AS origin,
       CASE e.ending WHEN 0 THEN 'open' WHEN 1 THEN 'complete' WHEN 2 THEN 'cut by client'
         WHEN 3 THEN 'cut by upstream' ELSE 'cut by understudy' END AS ending,
       strftime('%Y-%m-%dT%H:%M:%S', e.started_at / 1000000, 'unixepoch')
         || printf('.%06dZ', e.started_at % 1000000) AS started_at,
       iif(e.ending = 0, NULL, e.duration / 1000.0) AS duration_ms,
       nullif(e.method, '') AS method, nullif(e.resource, '') AS resource,
       nullif(e.status, 0) AS status,
       iif(e.ending <> 0, e.request_size, max(e.request_size, coalesce(
         (SELECT max(offset + size) FROM segment WHERE exchange = e.id AND sender = 0), 0)))
         AS request_size,
       iif(e.ending <> 0, e.reply_size, max(e.reply_size, coalesce(
         (SELECT max(offset + size) FROM segment WHERE exchange = e.id AND sender = 1), 0)))
         AS reply_size,
       nullif(e.note, '') AS note
  FROM exchange e JOIN session s ON s.id = e.session JOIN rule u ON u.id = s.rule
  JOIN recording r ON r.id = u.recording;

-- Bytes of a long message are its first part: the rest is in segment (FORMAT.md).
CREATE VIEW messages AS
SELECT x.id AS exchange, x.recording, x.number, x.session, x.rule, x.protocol, 'client' AS sender,
       iif(x.opener = 'client', 'request', 'reply') AS role, x.request_size AS size,
       e.request AS bytes
  FROM exchanges x JOIN exchange e ON e.id = x.id WHERE x.request_size > 0
UNION ALL
SELECT x.id, x.recording, x.number, x.session, x.rule, x.protocol, 'server',
       iif(x.opener = 'server', 'request', 'reply'), x.reply_size, e.reply
  FROM exchanges x JOIN exchange e ON e.id = x.id WHERE x.reply_size > 0;

CREATE VIEW http AS
SELECT e.id, e.id - r.first_exchange + 1 AS number, nullif(e.method, '') AS method,
       CASE WHEN e.resource = '' THEN NULL
            WHEN e.resource GLOB '[/?]*' THEN u.base_url || e.resource
            WHEN e.resource = '*' THEN u.base_url
            ELSE e.resource END AS url,
       nullif(e.status, 0) AS status, d.request_headers, d.response_headers, d.request_body,
       d.response_body,
       strftime('%Y-%m-%dT%H:%M:%S', e.started_at / 1000000, 'unixepoch')
         || printf('.%06dZ', e.started_at % 1000000) AS started_at,
       iif(e.ending = 0, NULL, e.duration / 1000.0) AS duration_ms,
       u.name AS rule, r.name AS recording, s.id - r.first_session + 1 AS session,
       iif(e.origin = 0, 'upstream', 'understudy') AS origin,
       coalesce(nullif(e.note, ''), d.note) AS note
  FROM exchange e JOIN session s ON s.id = e.session JOIN rule u ON u.id = s.rule
  JOIN recording r ON r.id = u.recording LEFT JOIN http_detail d ON d.exchange = e.id
 WHERE e.protocol IN ('http', 'http2');

PRAGMA application_id = 1433298035;
PRAGMA user_version = 1;
INSERT INTO meta VALUES ('format', 1), ('created_by', 'understudy'),
  ('redaction_key', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'), ('details_from', 2);

-- Two recordings, the second one killed.
INSERT INTO recording VALUES
  (1, 'first', 'pytest -q', 1795252394250008, 1795252399000000, 1, 1, 2, 4, 1, 70),
  (2, 'second', '', 1795252494000000, NULL, 3, 5, NULL, NULL, 0, 0);
INSERT INTO rule VALUES
  (1, 1, 0, 'shop', 'http', 'http', 'http', 'localhost:0', 'api.example.com:80', 'http://api.example.com',
   '{"name":"shop","protocol":"http","clientScheme":"http","upstreamScheme":"http","listen":{"host":"localhost","port":0},"upstream":{"host":"api.example.com","port":80},"pathPrefix":"","preserveHost":false,"redact":{"headers":["Authorization"],"json":[],"patterns":[]},"writtenAt":"--forward"}'),
  (2, 1, 1, 'queue', 'raw', 'tcp', 'tcp', 'localhost:0', 'queue:7000', 'tcp://queue:7000',
   '{"name":"queue","protocol":"raw","clientScheme":"tcp","upstreamScheme":"tcp","listen":{"host":"localhost","port":0},"upstream":{"host":"queue","port":7000}}'),
  (3, 2, 0, 'shop', 'http', 'http', 'http', 'localhost:0', 'api.example.com:80', 'http://api.example.com',
   '{"name":"shop","protocol":"http","clientScheme":"http","upstreamScheme":"http","listen":{"host":"localhost","port":0},"upstream":{"host":"api.example.com","port":80}}');
INSERT INTO session VALUES
  (1, 1, 1795252394250100, '127.0.0.1:50947', '127.0.0.1:8080', 1795252395000000, 'client closed', '', 114, 96, 0),
  (2, 2, 1795252394300000, '127.0.0.1:50948', '127.0.0.1:7000', 1795252396000000, 'upstream reset', 'cut', 4, 9, 3),
  (3, 3, 1795252494100000, '127.0.0.1:50949', '127.0.0.1:8080', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO upstream_connection VALUES
  (1, 1, 1795252394250200, 'api.example.com:80', '192.0.2.7:80', 400, 870, ''),
  (2, 1, 1795252394300100, 'queue:7000', '', 100, 0, 'connection refused'),
  (3, 1, 1795252494100100, 'api.example.com:80', '192.0.2.7:80', 0, 900, '');

-- Complete and taken apart, our own error, a conversation, one that lost its end; then an open one
-- with its rest in segments.
INSERT INTO exchange VALUES
  (1, 1, 1, 1, 0, 0, 1, 200, 1795252394250300, 1500, 58, 43, 'http', 'GET', '/items?page=7',
   x'740057f80a', x'440e08757073747265616d', '',
   CAST('GET /items?page=7 HTTP/1.1' || x'0d0a' || 'Host: localhost:8080' || x'0d0a' || 'A: b' || x'0d0a0d0a' AS BLOB),
   CAST('HTTP/1.1 200 OK' || x'0d0a' || 'Content-Length: 5' || x'0d0a0d0a' || 'hello' AS BLOB)),
  (2, 1, 2, 1, 0, 1, 4, 502, 1795252394260300, 2500, 58, 37, 'http', 'GET', '/items?page=8', x'7400', x'', 'refused',
   CAST('GET /items?page=8 HTTP/1.1' || x'0d0a' || 'Host: localhost:8080' || x'0d0a' || 'A: b' || x'0d0a0d0a' AS BLOB),
   CAST('HTTP/1.1 502 Bad Gateway' || x'0d0a' || 'X-Y: zz' || x'0d0a0d0a' AS BLOB)),
  (3, 2, 1, 1, 1, 0, 3, 0, 1795252394300300, 700, 4, 9, 'raw', '', '', x'13000864', x'', 'cut', x'70696e67', x'68656c6c6f20796f75'),
  (4, 1, 3, 0, 0, 0, 2, 0, 1795252394270300, 10, 3, 0, 'http', '', '', x'0600', x'', '', x'474554', x''),
  (5, 3, 1, 1, 0, 0, 0, 200, 1795252494100300, 0, 35, 20, 'http', 'GET', '/long', x'46002905', x'', '',
   CAST('GET /long HTTP/1.1' || x'0d0a' || 'Host: local' || x'0d0a0d0a' AS BLOB),
   CAST('HTTP/1.1 200 OK' || x'0d0a0d0a' || 'a' AS BLOB));
INSERT INTO segment VALUES
  (1, 5, 1, 20, 3, x'07e807', x'626364'),
  (2, 5, 1, 23, 4, x'09d00f', x'65666768');
INSERT INTO http_detail VALUES
  (1, '[["Host","localhost:8080"],["A","b"]]', '[["Content-Length","5"]]', '', 'hello', NULL);
COMMIT;
