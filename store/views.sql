-- The views of a store, all of them public. They hold nothing: a migration drops them and makes these.
-- 0 and '' of the tables are NULL here.

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

-- tls_*: the handshake with the client, the inner one where there are two. upstream_tls: a JSON array
-- of those with upstreams.
CREATE VIEW sessions AS
SELECT s.id, r.name AS recording, s.id - r.first_session + 1 AS number, u.name AS rule,
       strftime('%Y-%m-%dT%H:%M:%S', s.opened_at / 1000000, 'unixepoch')
         || printf('.%06dZ', s.opened_at % 1000000) AS opened_at,
       strftime('%Y-%m-%dT%H:%M:%S', s.closed_at / 1000000, 'unixepoch')
         || printf('.%06dZ', s.closed_at % 1000000) AS closed_at,
       (s.closed_at - s.opened_at) / 1000.0 AS duration_ms,
       s.client_address, s.local_address, nullif(s.end_reason, '') AS end_reason,
       nullif(s.note, '') AS note, s.client_bytes, s.server_bytes, s.dropped_bytes,
       nullif(t.version, '') AS tls_version, nullif(t.cipher, '') AS tls_cipher,
       nullif(t.server_name, '') AS tls_server_name, nullif(t.alpn, '') AS tls_alpn,
       t.resumed AS tls_resumed, nullif(t.peer_subject, '') AS tls_client_subject,
       own.pem AS tls_chain, peer.pem AS tls_client_chain, nullif(t.error, '') AS tls_error,
       (SELECT nullif(json_group_array(json(h.facts)), '[]') FROM (
          SELECT json_object('upstream', a.upstream,
                             'version', nullif(a.version, ''), 'cipher', nullif(a.cipher, ''),
                             'serverName', nullif(a.server_name, ''), 'alpn', nullif(a.alpn, ''),
                             'resumed', json(iif(a.resumed, 'true', 'false')),
                             'verified', nullif(a.verified, ''), 'chain', c.pem,
                             'error', nullif(a.error, '')) AS facts
            FROM tls_handshake a LEFT JOIN certificate_chain c ON c.id = a.peer_chain
           WHERE a.session = s.id AND a.upstream > 0 ORDER BY a.upstream, a.layer) h)
         AS upstream_tls
  FROM session s JOIN rule u ON u.id = s.rule JOIN recording r ON r.id = u.recording
  LEFT JOIN tls_handshake t ON t.session = s.id AND t.upstream = 0 AND t.layer =
    (SELECT max(layer) FROM tls_handshake WHERE session = s.id AND upstream = 0)
  LEFT JOIN certificate_chain own ON own.id = t.own_chain
  LEFT JOIN certificate_chain peer ON peer.id = t.peer_chain;

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
            WHEN e.resource = '*' AND u.base_url <> '' THEN u.base_url
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
