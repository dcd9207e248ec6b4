#!/usr/bin/env python3
"""Scrapes an exporter that watches the loopback, first alone, then beside a crowd of slow clients.

    slow_clients.py EXPORTER [--clients 200] [--seconds 20] [--crowd-address 127.0.0.1]

Each client of the crowd sends a header line every half second and never the last one; when it is cut
off it comes again at once, or after a second when there was no place for it. By default all come from the address that scrapes. Prints one row for each
crowd: how long a scrape takes from connect to last byte, how many failed, and how
many times that is what it takes alone.
"""
import argparse
import asyncio
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time

CONFIG = """
targets:
  - name: here-to-loopback
    host: 127.0.0.1
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 300ms}
"""
SCRAPE_TIMEOUT = 10.0  # as Prometheus has it
PAUSE = 0.1
TURNED_AWAY = 1.0  # who is closed sooner has found no place


async def drip(port, address):
    while True:
        start = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            writer.write(b"GET /metrics HTTP/1.1\r\n")
            while not reader.at_eof():
                writer.write(b"X-Slow: yes\r\n")
                await writer.drain()
                await asyncio.sleep(0.5)
            writer.close()
        except OSError:
            pass
        if time.monotonic() - start < TURNED_AWAY:
            await asyncio.sleep(1)


async def drip_all(port, clients, address):
    await asyncio.gather(*[drip(port, address) for _ in range(clients)])


async def scrape(port, tls=None):
    """Seconds, or None when there was no whole answer in time. `tls` is an ssl.SSLContext."""
    start = time.monotonic()
    try:
        async with asyncio.timeout(SCRAPE_TIMEOUT):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            writer.write(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError):
        return None
    return time.monotonic() - start if answer.startswith(b"HTTP/1.1 200") else None


async def scrape_for(port, seconds, tls=None):
    results = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        results.append(await scrape(port, tls))
        await asyncio.sleep(PAUSE)
    return results


def scrapes_beside(port, clients, address, seconds):
    crowd = multiprocessing.Process(target=lambda: asyncio.run(drip_all(port, clients, address)))
    crowd.start()
    time.sleep(2)  # until all are there
    results = asyncio.run(scrape_for(port, seconds))
    crowd.terminate()
    crowd.join()
    return results


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(exporter, folder, port, flags=(), tls=None):
    config = os.path.join(folder, "config.yaml")
    with open(config, "w", encoding="ascii") as file:
        file.write(f"state_directory: {folder}\n{CONFIG}")
    process = subprocess.Popen([exporter, f"--config.file={config}", "--log.level=error",
                                f"--web.listen-address=127.0.0.1:{port}", *flags])
    while asyncio.run(scrape(port, tls)) is None:
        if process.poll() is not None:
            raise SystemExit("the exporter ended")
        time.sleep(PAUSE)
    return process


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exporter")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--crowd-address", default="127.0.0.1")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = start(words.exporter, folder, port)
        print("| slow clients | scrapes | failed | median ms | p99 ms | worst ms | times alone | "
              "resident KiB |\n|---|---|---|---|---|---|---|---|")
        alone = None
        for clients in (0, words.clients):
            results = scrapes_beside(port, clients, words.crowd_address, words.seconds)
            times = sorted(result * 1000 for result in results if result is not None)
            if not times:
                print(f"| {clients} | {len(results)} | {len(results)} | | | | | |")
                continue
            median = statistics.median(times)
            alone = alone or median
            print(f"| {clients} | {len(results)} | {len(results) - len(times)} | {median:.1f} | "
                  f"{times[int(len(times) * 0.99)]:.1f} | {times[-1]:.1f} | {median / alone:.1f} | "
                  f"{resident_kib(process)} |", flush=True)
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
