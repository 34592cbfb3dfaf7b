// Sends the HTTP and HTTPS of a Node process through the proxy that HTTP_PROXY and HTTPS_PROXY
// name, but for the hosts of NO_PROXY. Node 18 and 20 know nothing of these variables, neither in
// fetch nor in http and https. A COMMAND's processes load it by NODE_OPTIONS (--require).
//
//   http://   in absolute form to the proxy      https://   TLS inside a tunnel (CONNECT)
//
// http and https: the methods of Agent are replaced, so agents that programs make go along; those
// with a way to connect of their own (proxy agents, Unix sockets) do not. fetch: undici's global
// dispatcher is replaced; its class is reached through the one that is there.
'use strict';

const http = require('http');
const https = require('https');
const net = require('net');
const tls = require('tls');

function variable(name) {
  return process.env[name.toLowerCase()] || process.env[name] || '';
}

function bare(host) {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}

/** "host:port", "[::1]:port"; the port is left out where it is `usual`. */
function authority(host, port, usual) {
  const name = net.isIPv6(bare(host)) ? `[${bare(host)}]` : host;
  return Number(port) === usual ? name : `${name}:${port}`;
}

/** One entry of NO_PROXY: a host and all below it, perhaps only at one port; or *. */
function excepts(entry, host, port) {
  if (entry === '*') return true;
  const [, name, only] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) || [entry, entry];
  const domain = bare(name).replace(/^\*?\./, '');
  if (!domain || (only && only !== String(port))) return false;
  return bare(host) === domain || (!net.isIP(bare(host)) && bare(host).endsWith(`.${domain}`));
}

/** The proxy for a destination, as a URL; null = none. Libraries that know of the variables speak
 *  to the proxy themselves: those connections stay as they are. */
function proxyFor(protocol, host, port) {
  const value = variable(protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (!value) return null;
  const proxy = new URL(value.includes('://') ? value : `http://${value}`);
  const itself = bare(proxy.hostname) === bare(host) && Number(proxy.port || 80) === Number(port);
  if (proxy.protocol !== 'http:' || itself) return null;
  const excepted = variable('NO_PROXY').split(/[\s,]+/).some((entry) => excepts(entry, host, port));
  return excepted ? null : proxy;
}

function authorization(proxy) {
  if (!proxy.username) return {};
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return {'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}`};
}

function connectTo(proxy) {
  return net.connect({host: bare(proxy.hostname), port: Number(proxy.port || 80)});
}

/** callback(error) or callback(null, socket), a connection to host:port inside the proxy's. */
function tunnel(proxy, host, port, callback) {
  const target = authority(host, port);
  const request = http.request({
    method: 'CONNECT',
    path: target,
    headers: {Host: target, ...authorization(proxy)},
    createConnection: () => connectTo(proxy),
  });
  request.once('error', callback);
  request.once('connect', (reply, socket, head) => {
    request.off('error', callback);
    if (reply.statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      callback(null, socket);
      return;
    }
    socket.destroy();
    const reason = `${reply.statusCode} ${reply.statusMessage}`;
    callback(new Error(`the proxy refused CONNECT ${target}: ${reason}`));
  });
  request.end();
}

// ---- http and https

const {addRequest, createConnection: connectPlain} = http.Agent.prototype;
const {createConnection: connectSecure} = https.Agent.prototype;

/** The proxy for what an agent is asked to connect to. */
function proxyOf(protocol, options) {
  if (typeof options !== 'object' || !options || options.socketPath || options.socket) return null;
  return proxyFor(protocol, options.host || 'localhost', options.port);
}

/** Puts the destination into the request line, which may have been written already. */
function makeAbsolute(request, options, proxy) {
  const path = request.path.startsWith('/') ? request.path : '';
  request.path = `http://${authority(options.host || 'localhost', options.port, 80)}${path}`;
  const fields = Object.entries(authorization(proxy));
  if (!request._header) {
    fields.forEach(([name, value]) => request.setHeader(name, value));
    return;
  }
  const rest = request._header.slice(request._header.indexOf('\r\n') + 2);
  const added = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  request._header = `${request.method} ${request.path} HTTP/1.1\r\n${added}${rest}`;
}

http.Agent.prototype.createConnection = function createConnection(options, ...rest) {
  const proxy = proxyOf('http:', options);
  return proxy ? connectTo(proxy) : connectPlain.call(this, options, ...rest);
};

http.Agent.prototype.addRequest = function (request, options, ...rest) {
  const ours = this.createConnection === http.Agent.prototype.createConnection;
  const proxy = ours && proxyOf('http:', options);
  if (proxy) makeAbsolute(request, options, proxy);
  return addRequest.call(this, request, options, ...rest);
};

https.Agent.prototype.createConnection = function createConnection(options, callback, ...rest) {
  const proxy = typeof callback === 'function' && proxyOf('https:', options);
  if (!proxy) return connectSecure.call(this, options, callback, ...rest);
  tunnel(proxy, options.host || 'localhost', options.port, (error, socket) => {
    if (error) callback(error);
    else callback(null, connectSecure.call(this, {...options, socket}));
  });
  return undefined;
};

// ---- fetch

/** How undici connects to an origin that is proxied: to the proxy itself, or through a tunnel. */
function connectFetch({hostname, port, protocol, servername}, callback) {
  const hand = (socket, event) => {
    socket.once('error', callback);
    socket.once(event, () => callback(null, socket.off('error', callback)));
  };
  if (protocol !== 'https:') {
    hand(net.connect({host: bare(hostname), port: Number(port || 80)}), 'connect');
    return;
  }
  const proxy = proxyFor(protocol, hostname, port || 443);
  tunnel(proxy, hostname, port || 443, (error, socket) => {
    if (error) {
      callback(error);
      return;
    }
    const host = bare(hostname);
    const options = {socket, host, servername, ALPNProtocols: ['http/1.1']};
    if (!servername && !net.isIP(host)) options.servername = host;
    hand(tls.connect(options), 'secureConnect');
  });
}

function withFields(headers, fields) {
  if (Array.isArray(headers)) return [...headers, ...Object.entries(fields).flat()];
  return {...headers, ...fields};
}

const kDispatcher = Symbol.for('undici.globalDispatcher.1');
void globalThis.Headers; // loads undici
const direct = globalThis[kDispatcher];

if (direct) {
  class ProxiedAgent extends direct.constructor {
    dispatch(options, handler) {
      const origin = new URL(String(options.origin));
      const usual = origin.protocol === 'https:' ? 443 : 80;
      const proxy = proxyFor(origin.protocol, origin.hostname, origin.port || usual);
      if (!proxy) return direct.dispatch(options, handler);
      if (origin.protocol === 'https:') return super.dispatch(options, handler);
      const headers = withFields(options.headers, {host: origin.host, ...authorization(proxy)});
      const path = `${origin.origin}${options.path}`;
      return super.dispatch({...options, origin: proxy.origin, path, headers}, handler);
    }
  }
  globalThis[kDispatcher] = new ProxiedAgent({connect: connectFetch});
}
