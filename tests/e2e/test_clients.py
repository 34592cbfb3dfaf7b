"""`record -- COMMAND` and `replay -- COMMAND` with unmodified clients that call HTTPS and HTTP.

Each client runs twice: while nginx under a private authority answers, and when it is gone. It is
told nothing but the environment.
"""

import shutil
import subprocess
import sys
import unittest

from support import PROGRAM, SANITIZED, Case, clean_environment, main
from tls import Nginx, PrivateCa

SECONDS = 120 if SANITIZED else 60  # a virtual machine starts in some of them

PYTHON = """
import sys, urllib.request
for url in sys.argv[1:]:
    print(urllib.request.urlopen(url).read().decode(), end="")
"""

NODE = """
(async () => {
  for (const url of process.argv.slice(2)) process.stdout.write(await (await fetch(url)).text());
})().catch((error) => { console.error(error); process.exit(1); });
"""

NODE_HTTPS = """
const { get } = { http: require('http'), https: require('https') }.https;
const urls = process.argv.slice(2).filter((url) => url.startsWith('https:'));
(function next() {
  const url = urls.shift();
  if (url) get(url, (reply) => { reply.pipe(process.stdout, { end: false }); reply.on('end', next); });
})();
"""

JAVA = """
import java.net.URI;
import java.net.http.*;

public class Client {
  public static void main(String[] urls) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (String url : urls) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
      System.out.print(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
  }
}
"""


class Clients(Case):
    def setUp(self):
        super().setUp()
        self.private = PrivateCa(self)
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}
        self.root = self.folder / "www"
        self.root.mkdir()
        self.nginx = Nginx(self, *self.private.issue("localhost", "127.0.0.1"),
                           locations=f"location /files/ {{ alias {self.root}/; }}")
        self.urls = [f"https://localhost:{self.nginx.port}/secure?a=1", f"http://localhost:{self.nginx.plain_port}/plain"]
        self.config = self.folder / "registration.xml"
        self.config.write_text(f'<registration caFile="{self.private.pem}">'
                               '<http-proxy port="0" bind-address="localhost"/></registration>')

    def run_under(self, mode, *command, options=(), code=0):
        done = subprocess.run([PROGRAM, mode, self.store, *options, "--", *map(str, command)], capture_output=True,
                              text=True, timeout=SECONDS, check=False, cwd=self.folder,
                              env=clean_environment(**self.home, HOME=str(self.folder)))
        self.assertEqual(done.returncode, code, f"{mode} {command}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def need(self, program):
        if not shutil.which(program):
            self.fail(f"{program} is missing: samples/packages.sh names it")

    def check(self, *command, expected=2):
        live = self.run_under("record", *command, options=("--config", self.config))
        self.assertIn("/secure?a=1", live)
        self.assertIn("tls=TLSv1.", live)
        if expected == 2:
            self.assertIn("/plain", live)
        urls = [row[0] for row in self.rows("select url from http where origin = 'upstream' order by id")]
        self.assertEqual(urls, self.urls[:expected])
        self.nginx.stop()
        self.assertEqual(self.run_under("replay", *command, options=("--fail-on", "all")), live)

    def test_curl(self):
        self.check("curl", "-sS", "--fail", *self.urls)

    def test_wget(self):
        self.need("wget")
        self.check("wget", "-q", "-O", "-", *self.urls)

    def test_python(self):
        self.check(sys.executable, "-c", PYTHON, *self.urls)

    def test_node_fetch(self):
        self.need("node")
        script = self.folder / "client.js"
        script.write_text(NODE)
        self.check("node", script, *self.urls)

    def test_node_https(self):
        self.need("node")
        script = self.folder / "client.js"
        script.write_text(NODE_HTTPS)
        self.check("node", script, *self.urls, expected=1)

    @unittest.skipIf(SANITIZED, "the class library's own time-outs are shorter than we are slow")
    def test_java(self):
        self.need("java")
        script = self.folder / "Client.java"
        script.write_text(JAVA)
        self.check("java", script, *self.urls)

    def test_git(self):
        self.need("git")
        work, bare = self.folder / "work", self.root / "repo.git"

        def git(*words, where=None):
            subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *map(str, words)], check=True,
                           capture_output=True, cwd=where or self.folder)

        git("init", "-q", work)
        (work / "file").write_text("what was committed\n")
        git("add", "file", where=work)
        git("commit", "-q", "-m", "One", where=work)
        git("clone", "-q", "--bare", work, bare)
        git("update-server-info", where=bare)
        url = f"https://localhost:{self.nginx.port}/files/repo.git"
        self.run_under("record", "git", "clone", "-q", url, "first", options=("--config", self.config))
        self.nginx.stop()
        self.run_under("replay", "git", "clone", "-q", url, "second", options=("--fail-on", "miss"))
        for name in ("first", "second"):
            self.assertEqual((self.folder / name / "file").read_text(), "what was committed\n")

    def test_a_miss_fails_the_run(self):
        self.run_under("record", "curl", "-sS", self.urls[0], options=("--config", self.config))
        self.nginx.stop()
        self.run_under("replay", "curl", "-sS", self.urls[1], code=1)

    def test_a_command_alone_gets_a_proxy(self):
        plain = self.urls[1]
        live = self.run_under("record", "curl", "-sS", "--fail", plain)
        self.assertIn("/plain", live)
        self.nginx.stop()
        self.assertEqual(self.run_under("replay", "curl", "-sS", "--fail", plain), live)


if __name__ == "__main__":
    main()
