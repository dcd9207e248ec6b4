#!/usr/bin/env python3
"""Scrapes an exporter over TLS, first alone, then in a storm of handshakes.

    tls_storm.py EXPORTER [--clients 200] [--seconds 15] [--crowd-address 127.0.0.1]

Each client of a crowd comes again as soon as it has gone. It goes when its handshake is done; or
has sent a ClientHello, which costs it nothing, and seen the answer, which costs the server its
key; or, with TLS 1.2, asks for renegotiation until it is cut off. Prints a row for each crowd,
with the exporter's own CPU time and the machine's load average.
"""
import argparse
import asyncio
import contextlib
import multiprocessing
import os
import ssl
import statistics
import subprocess
import tempfile
import time

import slow_clients

WEB_CONFIG = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
TICKS = os.sysconf("SC_CLK_TCK")


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def recorded_hello():
    """The first flight of a client, which a server cannot tell from a new one."""
    outgoing = ssl.MemoryBIO()
    client = client_context().wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


async def shake(port, address, tls):
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, local_addr=(address, 0))
    writer.transport.abort()


async def leave(port, address, _, hello=recorded_hello()):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(hello)
    await reader.read(1)
    writer.transport.abort()


async def again_and_again(visit, port, address, tls):
    while True:
        start = time.monotonic()
        with contextlib.suppress(OSError, ssl.SSLError):
            await visit(port, address, tls)
        if time.monotonic() - start < 0.001:  # turned away
            await asyncio.sleep(0.1)


async def storm(visit, port, clients, address):
    tls = client_context()
    await asyncio.gather(*[again_and_again(visit, port, address, tls) for _ in range(clients)])


def renegotiate(port, clients):
    """s_client asks for it when it reads an R, and comes again when it is refused."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", "-quiet",
               "-no_ign_eof"]
    script = f"while :; do yes R | {' '.join(command)} >/dev/null 2>&1; done"
    processes = [subprocess.Popen(["bash", "-c", script], start_new_session=True)
                 for _ in range(clients)]
    return lambda: [os.killpg(process.pid, 9) for process in processes]


def start_crowd(visit, port, clients, address):
    if visit is renegotiate:
        return renegotiate(port, clients)
    crowd = multiprocessing.Process(target=lambda: asyncio.run(storm(visit, port, clients, address)))
    crowd.start()
    return crowd.kill


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def metrics(port, tls):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
    return (await reader.read(-1)).decode()


def broken_handshakes(port, tls):
    mark = 'pathwitness_web_refused_total{reason="handshake"} '
    while True:
        with contextlib.suppress(OSError):
            for line in asyncio.run(metrics(port, tls)).splitlines():
                if line.startswith(mark):
                    return int(line.removeprefix(mark))


def row(name, process, port, tls, seconds):
    cpu = cpu_seconds(process)
    broken = broken_handshakes(port, tls)
    start = time.monotonic()
    results = asyncio.run(slow_clients.scrape_for(port, seconds, tls))
    share = (cpu_seconds(process) - cpu) / (time.monotonic() - start)
    broken = broken_handshakes(port, tls) - broken
    times = sorted(result * 1000 for result in results if result is not None) or [float("nan")]
    print(f"| {name} | {len(results)} | {results.count(None)} | {statistics.median(times):.1f} | "
          f"{times[int(len(times) * 0.99)]:.1f} | {times[-1]:.1f} | {broken / seconds:.0f} | "
          f"{share * 100:.0f} | {slow_clients.resident_kib(process)} | {os.getloadavg()[0]:.1f} |",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--renegotiators", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--crowd-address", default="127.0.0.1")
    words = parser.parse_args()
    tls = client_context()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-keyout", f"{folder}/server.key",
                        "-out", f"{folder}/server.crt"], check=True, stderr=subprocess.DEVNULL)
        with open(f"{folder}/web.yml", "w", encoding="ascii") as file:
            file.write(WEB_CONFIG)
        port = slow_clients.free_port()
        process = slow_clients.start(words.exporter, folder, port,
                                     [f"--web.config.file={folder}/web.yml"], tls)
        print("| crowd | scrapes | failed | median ms | p99 ms | worst ms | broken handshakes/s | "
              "CPU % of a core | resident KiB | load |\n|---|---|---|---|---|---|---|---|---|---|")
        row("none", process, port, tls, words.seconds)
        for name, visit, clients in (
                (f"{words.clients} whole handshakes", shake, words.clients),
                (f"{words.clients} handshakes begun and left", leave, words.clients),
                (f"{words.renegotiators} renegotiations", renegotiate, words.renegotiators)):
            stop = start_crowd(visit, port, clients, words.crowd_address)
            time.sleep(2)  # until all are there
            row(name, process, port, tls, words.seconds)
            stop()
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
