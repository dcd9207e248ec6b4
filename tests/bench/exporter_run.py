#!/usr/bin/env python3
"""Runs one exporter on a list of addresses for a while and scrapes it as Prometheus would.

exporter_run.py KIND SECONDS LIST [PROGRAM]   KIND: pathwitness, smokeping, blackbox, or prometheus:
                                              pathwitness, scraped by a real Prometheus

Prints JSON: CPU nanoseconds and peak resident bytes of the exporter's process alone (not of this
script, which plays Prometheus), what it told of each address (mean round trip in seconds, lost
probes), what a scrape cost, and figures that only pathwitness has.
"""

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

PORT = 9911
PROMETHEUS_PORT = 9912
OURS = ("pathwitness", "prometheus")
SCRAPE_INTERVAL = {"pathwitness": 1.0, "smokeping": 1.0, "blackbox": 5.0}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def write_config(kind, addresses, directory):
    """The command line of the exporter."""
    path = os.path.join(directory, "config.yaml")
    with open(path, "w", encoding="ascii") as file:
        if kind in OURS:
            budget = 3 * len(addresses)  # what 15 hops need, and a little more
            file.write(f"state_directory: {directory}\n")
            file.write(f"probing: {{packets_per_second: {budget}, packets_per_second_per_network: 0}}\n")
            file.write("targets:\n")
            for address in addresses:
                file.write(f"  - {{name: to-{address}, host: {address}, trace: {{protocols: [icmp]}}}}\n")
        elif kind == "smokeping":
            with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as range_file:
                range_file.write("0 2147483647")  # of this namespace: for its ping sockets
            file.write("targets:\n- interval: 1s\n  network: ip4\n  protocol: udp\n  hosts:\n")
            file.writelines(f"  - {address}\n" for address in addresses)
        else:
            file.write("modules: {icmp: {prober: icmp, timeout: 4s, icmp: {preferred_ip_protocol: ip4}}}\n")
    listen = f"--web.listen-address=127.0.0.1:{PORT}"
    program = {"smokeping": "prometheus-smokeping-prober", "blackbox": "prometheus-blackbox-exporter"}
    return [sys.argv[4] if kind in OURS else program[kind], f"--config.file={path}", listen]


class Process:
    """The exporter, as /proc shows it."""

    def __init__(self, command, log):
        self.child = subprocess.Popen(command, stdout=log, stderr=log)

    def cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(20)


class Scraper:
    """One kept connection."""

    def __init__(self, port=PORT):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path):
        self.connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self.connection.getresponse()
        return response.read(), response.getheader("Content-Encoding") == "gzip"


def wait_until_up(process):
    for _ in range(600):
        try:
            return Scraper().get("/")
        except OSError:
            if process.child.poll() is not None:
                sys.exit("the exporter ended")
            time.sleep(0.1)
    sys.exit("the exporter does not listen")


def text_of(answer):
    body, is_packed = answer
    return (gzip.decompress(body) if is_packed else body).decode()


def samples(answer, start=""):
    """Those whose names begin with `start`."""
    for line in text_of(answer).splitlines():
        match = SAMPLE.match(line) if line.startswith(start) else None
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            yield match[1], labels, float(match[3])


def scrape_page(process, seconds):
    """Scrapes /metrics each second, and adds up what that cost.

    A scrape's own CPU time is that of more scrapes at the end, back to back."""
    scraper = Scraper()
    end = time.monotonic() + seconds
    walls, rates = [], Rates()
    while time.monotonic() < end:
        start = time.monotonic()
        page = scraper.get("/metrics")
        walls.append(time.monotonic() - start)
        rates.look(page, start)
        time.sleep(max(0.0, SCRAPE_INTERVAL["smokeping"] - walls[-1]))
    figures = {"rss": process.memory("VmRSS"), "peak": process.memory("VmHWM")}
    idle_from, idle_cpu = time.monotonic(), process.cpu()
    time.sleep(3)
    idle_rate = (process.cpu() - idle_cpu) / (time.monotonic() - idle_from)
    busy_from, busy_cpu, times = time.monotonic(), process.cpu(), 0
    while times < 5 or time.monotonic() < busy_from + 3:
        page = scraper.get("/metrics")
        times += 1
    busy = process.cpu() - busy_cpu - idle_rate * (time.monotonic() - busy_from)
    figures["scrape_cpu"] = busy / times
    figures["cpu"] = process.cpu() - busy  # of all its probes, and a scrape a second
    figures["scrape_wall"] = sorted(walls)[len(walls) // 2]
    figures["series"] = sum(not line.startswith("#") for line in text_of(page).splitlines())
    if rates.seen:
        figures["packets_per_second_most"] = round(max(rates.seen))
    return figures, page


class Rates:
    """How many packets were sent a second, over stretches of at least 10 s."""

    def __init__(self):
        self.seen, self.count, self.time = [], None, 0.0

    def look(self, answer, now):
        if now < self.time + 10:
            return
        body, is_packed = answer
        text = gzip.decompress(body) if is_packed else body
        sent = re.findall(rb"^pathwitness_packets_sent_total\{.*\} (\S+)$", text, re.MULTILINE)
        count = sum(map(float, sent))
        if self.count is not None:
            self.seen.append((count - self.count) / (now - self.time))
        self.count, self.time = count, now


def scrape_by_prometheus(process, seconds, directory):
    """What a Prometheus with default settings says of its scrapes."""
    path = os.path.join(directory, "prometheus.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write("scrape_configs: [{job_name: it, scrape_interval: 15s, static_configs: "
                   f"[{{targets: ['127.0.0.1:{PORT}']}}]}}]\n")
    command = ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={directory}/tsdb",
               f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}"]
    figures = {}
    with open(os.path.join(directory, "prometheus.log"), "wb") as log:
        prometheus = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            time.sleep(seconds)
            for name in ("max_over_time(scrape_duration_seconds[1h])", "scrape_samples_scraped",
                         "min_over_time(up[1h])", "count_over_time(up[1h])"):
                answer = Scraper(PROMETHEUS_PORT).get("/api/v1/query?query=" + name)
                result = json.loads(text_of(answer))["data"]["result"]
                figures[name] = float(result[0]["value"][1]) if result else None
        finally:
            prometheus.kill()
            prometheus.wait(30)
    figures.update(cpu=process.cpu(), rss=process.memory("VmRSS"), peak=process.memory("VmHWM"))
    return figures, Scraper().get("/metrics")


def read_smokeping(page):
    requests, count, total = {}, {}, {}
    for name, labels, value in samples(page, "smokeping_re"):
        host = labels.get("ip") or labels.get("host")
        if name == "smokeping_requests_total":
            requests[host] = value
        elif name == "smokeping_response_duration_seconds_count":
            count[host] = value
        elif name == "smokeping_response_duration_seconds_sum":
            total[host] = value
    return [(host, total[host] / count[host] if count.get(host) else None,
             max(0, requests[host] - count.get(host, 0))) for host in requests]


def read_pathwitness(page):
    lost, count, total = {}, {}, {}
    for name, labels, value in samples(page, ("pathwitness_path_probes_lost", "pathwitness_path_rtt_seconds_")):
        host = labels.get("target", "")[len("to-"):]
        if name == "pathwitness_path_probes_lost_total":
            lost[host] = value
        elif name == "pathwitness_path_rtt_seconds_count":
            count[host] = value
        elif name == "pathwitness_path_rtt_seconds_sum":
            total[host] = value
    return [(host, total[host] / count[host] if count.get(host) else None, lost[host]) for host in lost]


def of_itself(page):
    """Put-off and shed packets, and the 99th percentile of how late its scheduler was."""
    figures, buckets = {}, []
    of_interest = ("pathwitness_packets", "pathwitness_focus", "pathwitness_scheduler")
    for name, labels, value in samples(page, of_interest):
        if name in ("pathwitness_packets_deferred_total", "pathwitness_packets_shed_total",
                    "pathwitness_focus_sets"):
            figures[" ".join([name[len("pathwitness_"):], *labels.values()])] = value
        elif name == "pathwitness_scheduler_lateness_seconds_bucket" and labels["engine"] == "trace":
            buckets.append((float(labels["le"]), value))
    buckets.sort()
    figures["lateness_p99_at_most"] = next(
        (bound for bound, value in buckets if value >= 0.99 * buckets[-1][1]), None)
    return figures


def scrape_probes(process, addresses, seconds):
    """Asks blackbox_exporter for each address every 5 s, by 16 connections."""
    results = {address: [[], 0] for address in addresses}
    end = time.monotonic() + seconds
    begun = time.monotonic()

    def work(mine):
        scraper = Scraper()
        turn = 0
        while time.monotonic() < end:
            for at, address in enumerate(mine):
                due = begun + SCRAPE_INTERVAL["blackbox"] * (turn + at / len(mine))
                time.sleep(max(0.0, due - time.monotonic()))
                if time.monotonic() >= end:
                    return
                values = {(name, labels.get("phase")): value for name, labels, value
                          in samples(scraper.get(f"/probe?module=icmp&target={address}"))}
                if values.get(("probe_success", None)) == 1:
                    results[address][0].append(values[("probe_icmp_duration_seconds", "rtt")])
                else:
                    results[address][1] += 1
            turn += 1

    workers = [threading.Thread(target=work, args=(addresses[i::16],)) for i in range(16) if addresses[i::16]]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    figures = {"cpu": process.cpu(), "rss": process.memory("VmRSS"), "peak": process.memory("VmHWM")}
    return figures, [(address, sum(times) / len(times) if times else None, lost)
                     for address, (times, lost) in results.items()]


def main():
    kind, seconds = sys.argv[1], float(sys.argv[2])
    with open(sys.argv[3], encoding="ascii") as file:
        addresses = file.read().split()
    with tempfile.TemporaryDirectory() as directory, open(os.path.join(directory, "log"), "w+b") as log:
        process = Process(write_config(kind, addresses, directory), log)
        os.nice(10)  # a Prometheus works on a machine of its own
        try:
            wait_until_up(process)
            if kind == "blackbox":
                figures, targets = scrape_probes(process, addresses, seconds)
            else:
                figures, page = (scrape_by_prometheus(process, seconds, directory)
                                 if kind == "prometheus" else scrape_page(process, seconds))
                targets = (read_smokeping if kind == "smokeping" else read_pathwitness)(page)
                if kind in OURS:
                    figures.update(of_itself(page))
        finally:
            process.end()
    json.dump({"figures": figures, "targets": targets}, sys.stdout)


main()
