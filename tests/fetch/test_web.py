"""The client: resumes, asks conditionally, waits, bounds, and survives being killed."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fetch.desk import QUICK
from fetch.faults import kill_in_an_archive
from fetch.publishers import KEY, Answer, zipped
from home_region import FILES

from kwev.errors import KwevError
from kwev.fetch.landing import Shelf
from kwev.fetch.run import PARTS, all_wanted, fetch
from kwev.fetch.services import read_services
from kwev.fetch.web import Unchanged, Web, place
from kwev.project import Project


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    parts = tmp_path / "parts"
    parts.mkdir()
    return Web(parts, **QUICK)


def half(answer):
    return replace(answer, cut=0.5)


def test_an_archive_goes_on_where_it_broke_off(web, server):
    url = f"{server.url}/grt/1"
    whole = server.grt("/grt/1", {}, {}).body
    server.spoil("/grt/1", half, times=1)
    assert web.get(url, "zip") == whole
    first, second = server.asked
    assert "range" not in first.headers
    assert second.headers["range"] == f"bytes={len(whole) // 2}-"
    assert second.headers["if-range"].startswith('"')
    assert list(web.parts.iterdir()) == []


def test_another_run_goes_on_too_unless_the_publisher_has_another_file(web, server):
    url = f"{server.url}/grt/1"
    server.spoil("/grt/1", half, times=3)
    with pytest.raises(KwevError, match="broke off in the middle, 3 times"):
        web.get(url, "zip")
    # the second and third try had the rest of the rest
    kept = next(path for path in web.parts.iterdir() if path.suffix == "").stat().st_size
    whole = server.grt("/grt/1", {}, {}).body
    assert len(whole) / 2 < kept < len(whole)
    again = Web(web.parts, **QUICK)
    assert again.get(url, "zip") == whole
    server.spoil("/grt/1", half, times=3)
    with pytest.raises(KwevError):
        again.get(url, "zip")
    server.version = 2
    assert again.get(url, "zip") == server.grt("/grt/1", {}, {}).body != whole
    assert list(web.parts.iterdir()) == []


def test_a_range_that_is_not_the_one_asked_for_is_not_believed(web, server):
    whole = server.grt("/grt/1", {}, {}).body
    server.spoil("/grt/1", half, times=1)
    wrong = {"Content-Range": f"bytes 0-{len(whole) - 1}/{len(whole)}"}
    server.spoil("/grt/1", lambda a: replace(a, status=206, headers=wrong), times=1)
    assert web.get(f"{server.url}/grt/1", "zip") == whole


def test_a_range_that_cannot_be_had_begins_again(web, server):
    whole = server.grt("/grt/1", {}, {}).body
    server.spoil("/grt/1", half, times=1)
    state = {"asked": 0}

    def refuse_second(answer):
        state["asked"] += 1
        return Answer(status=416) if state["asked"] == 2 else answer

    server.spoil("/grt/1", refuse_second)
    assert web.get(f"{server.url}/grt/1", "zip") == whole


def test_without_a_version_nothing_is_kept(web, server):
    server.spoil("/grt/1", lambda a: half(replace(a, headers={"ETag": 'W/"weak"'})), times=3)
    with pytest.raises(KwevError):
        web.get(f"{server.url}/grt/1", "zip")
    assert list(web.parts.iterdir()) == []


def test_only_what_has_changed(web, server):
    url = f"{server.url}/nrcan/v1.csv"
    query = {"fuel_type": "ELEC", "country": "CA"}
    web.get(url, "csv", query, if_changed=True)
    with pytest.raises(Unchanged):
        web.get(url, "csv", query, if_changed=True)
    assert web.get(url, "csv", query)  # unless all of it is asked for
    server.version = 2
    assert web.get(url, "csv", query, if_changed=True)


def test_a_refusal_speaks_of_a_key_only_where_one_was_sent(web, server):
    server.spoil("/grt/1", lambda _: Answer(status=403))
    web.known[f"{server.url}/grt/1"] = {"etag": '"old"'}
    with pytest.raises(KwevError, match="refuses to answer"):
        web.get(f"{server.url}/grt/1", "zip", if_changed=True)
    with pytest.raises(KwevError, match="refuses the key"):
        web.get(f"{server.url}/ocm/poi", "json", key={"X-API-Key": "old"})


def test_retry_after_is_waited_for(web, server, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    refused = Answer(status=503, headers={"Retry-After": "7"})
    server.spoil("package_show", lambda _: refused, times=2)
    assert web.json(f"{server.url}/ckan/package_show")["success"]
    assert waits.count(7) == 2


def test_waits_grow(web, server, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.spoil("package_show", lambda _: Answer(status=500))
    patient = replace(web, backoff_s=1.0, tries=4)
    with pytest.raises(KwevError, match="answered 500 4 times"):
        patient.json(f"{server.url}/ckan/package_show")
    assert [wait for wait in waits if wait] == [2, 4]  # the first repeat is at once


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused(web, server):
    packed = gzip.compress(b"FSA,BEV\n" + b"N2G,1\n" * 2_000_000)
    assert len(packed) < 100_000
    sent = Answer(packed, "text/csv", headers={"Content-Encoding": "gzip"})
    server.spoil("Q2_2025", lambda _: sent)
    with pytest.raises(KwevError, match="larger than 1 MB"):
        web.get(f"{server.url}/ckan/files/Q2_2025.csv", "csv")


def test_a_size_that_is_told_is_enough_to_refuse(web, server):
    huge = Answer(b"PK", "application/zip", headers={"Content-Length": str(2**31)}, cut=0.9)
    server.spoil("/grt/1", lambda _: huge)
    with pytest.raises(KwevError, match="larger than 1 MB"):
        web.get(f"{server.url}/grt/1", "zip")


def test_a_key_does_not_follow_to_another_host(web, server):
    there = f"{server.url.replace('127.0.0.1', 'localhost')}/ckan/package_show"
    server.spoil("/ocm/", lambda _: Answer(status=302, headers={"Location": there}))
    web.json(f"{server.url}/ocm/poi", key={"X-API-Key": "secret"})
    assert "x-api-key" in server.asked[0].headers
    assert "x-api-key" not in server.asked[1].headers


@pytest.mark.parametrize("to", ["http://", "ftp://x/y", "http://[::1", "//"])
def test_a_redirect_to_what_is_no_address_is_one_line(web, server, to):
    server.spoil("package_show", lambda _: Answer(status=302, headers={"Location": to}))
    with pytest.raises(KwevError):
        web.json(f"{server.url}/ckan/package_show")


def test_a_proxy_of_the_environment_is_asked(web, server, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    assert web.json("http://publisher.invalid/ckan/package_show")["success"]
    assert server.asked[0].headers["host"] == "publisher.invalid"


def test_a_message_names_no_query():
    assert place("https://a.example:8/b/c?key=secret#x") == "a.example:8/b/c"


def test_progress_is_told(web, server):
    told = []
    quick = replace(web, tick=lambda have, whole: told.append((have, whole)))
    body = quick.get(f"{server.url}/grt/1", "zip")
    assert told[-1] == (len(body), len(body))


def test_after_a_kill_the_next_fetch_goes_on(desk):
    """Killed for real, in the midst of an archive; the next run asks for the rest alone."""
    whole = kill_in_an_archive(desk)
    part = desk.raw / PARTS
    assert not [path for path in part.iterdir() if KEY.encode() in path.read_bytes()]
    ended = desk.call("--only", "grt")
    assert ended.code == 0, ended.err
    assert (desk.raw / FILES["grt_feed"]).read_bytes() == whole
    ranges = [one.headers.get("range") for one in desk.server.asked if one.path == "/grt/1"]
    assert ranges == [None, f"bytes={len(whole) // 2}-"]
    assert not part.exists()


def test_killed_between_file_and_register_the_next_fetch_mends(desk, monkeypatch):
    """The file is whole and new, the register still old: the next run takes it again."""
    from kwev.fetch import landing

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(landing.Shelf, "_enter", killed)
    assert desk.call("--only", "nrcan").code == 130
    monkeypatch.undo()
    assert "not the registered one" in desk.call("--offline").out
    assert desk.call("--only", "nrcan").code == 0
    assert f"{FILES['nrcan']}: not" not in desk.call("--offline").out


def test_two_at_a_time_wait_for_each_other(desk, monkeypatch):
    desk.environment(monkeypatch, "")
    services = read_services(Project(desk.root))
    shelf = Shelf(desk.raw, desk.root / "data" / "sources.json")

    def run(_):
        return fetch(all_wanted(services, ["nrcan"]), shelf, Web(desk.raw / PARTS, **QUICK))

    desk.server.spoil("/nrcan/", lambda a: replace(a, stall_s=0.2))
    with ThreadPoolExecutor(2) as pool:
        told = [line for made in pool.map(run, range(2)) for line in made.lines]
    assert sum("new, 4 rows" in line for line in told) == 1
    assert sum("as it was" in line for line in told) == 1


def test_an_archive_holds_one_table_alone(desk):
    table = b"DAUID_ADIDU\n1\n"
    for files in ({"a.csv": table, "b.csv": table}, {"readme.txt": b"x"}):
        desk.server.spoil("/links/", lambda a, f=files: replace(a, body=zipped(f)), times=3)
        ended = desk.call("--only", "statcan")
        assert "one table of a size that can be" in ended.out
