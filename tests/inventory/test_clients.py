"""Passwords that only the program on a command line tells from anything else."""

from __future__ import annotations

import pytest

from inventory.secrets import mask, mask_args, mask_document, mask_text

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("mysql -phunter2", 1),
        ("/usr/bin/mysqldump -u root -phunter2 --all-databases", 3),
        ("mariadb -u root -phunter2 shop", 3),
        ("mariadb-admin ping -phunter2", 2),
        ("redis-cli -a hunter2 ping", 2),
        ("redis-cli -h cache -p 6379 -a hunter2 ping", 6),
        ("valkey-cli -a hunter2", 2),
        ("curl -u ann:hunter2 http://a/", 2),
        ("curl --user ann:hunter2 http://a/", 2),
        ("curl --user=ann:hunter2 http://a/", 1),
        ("curl -uann:hunter2 http://a/", 1),
        ("curl -fsSu ann:hunter2 http://a/", 2),
        ("curl -U ann:hunter2 -x proxy http://a/", 2),
        ("mongosh -u root -p hunter2", 4),
        ("sshpass -p hunter2 ssh far", 2),
        ("sshpass -phunter2 ssh far", 1),
        ("docker login -u ann -p hunter2 reg.lab", 5),
        ("docker exec -it db mysql -phunter2", 5),
        ("ldapsearch -x -w hunter2", 3),
    ],
)
def test_a_password_is_hidden_as_words_and_as_text(line: str, place: int) -> None:
    words = line.split(" ")
    masked = mask_args(words)
    assert [index for index, pair in enumerate(zip(words, masked, strict=True)) if pair[0] != pair[1]] == [place]
    assert masked[place] == words[place].replace(SECRET, mask(SECRET))
    text = f"set -e; {line} && true | cat -p 8080"
    assert mask_text(text) == text.replace(SECRET, mask(SECRET))
    assert mask_text(mask_text(text)) == mask_text(text)
    assert mask_args(["sh", "-c", text])[2] == text.replace(SECRET, mask(SECRET))


@pytest.mark.parametrize(
    "line",
    [
        "nginx -p 8080",
        "mysql -p 8080",
        "mysql -P3306 -p shop",
        "mysqld -p8080",
        "redis-cli -h cache -p 6379 ping",
        "redis-cli -a $REDIS_PASSWORD ping",
        "redis-cli -a",
        "curl -u ann http://a/",
        "curl -x http://proxy:8080 http://a:80/",
        "curl -u $USER:$PASSWORD http://a/",
        "docker run -p 8080:80 nginx",
        "docker run --name mongo -p 8080:80 reg.lab/x",
        "docker run mysql:8 -p 8080",
        "docker run --network curl -u 1000:1000 reg.lab/x",
        "mycurl -u a:b",
        "log in with -u a:b",
    ],
)
def test_what_only_looks_like_one_stays(line: str) -> None:
    assert mask_args(line.split(" ")) == line.split(" ")
    assert mask_text(line) == line


@pytest.mark.parametrize(
    "text",
    [
        "curl -u 'ann:hunter2' http://a/",
        'redis-cli -a "hunter2" ping',
        "mysql -p'hunter2' -e 'select 1'",
        'CMD ["redis-cli" "-a" "hunter2" "ping"]',
        "mysql\t-u\troot\t-phunter2",
    ],
)
def test_quotes_of_a_shell_do_not_help(text: str) -> None:
    assert mask_text(text) == text.replace(SECRET, mask(SECRET))


def test_a_health_check_hides_it_too() -> None:
    document = {"Healthcheck": {"Test": ["CMD-SHELL", "redis-cli -a hunter2 ping | grep PONG"]}}
    assert SECRET not in str(mask_document(document))


@pytest.mark.parametrize(
    "piece", ["curl -u ", "mysql -p'", 'curl "', "redis-cli -a x ", "mysql ", "curl '\"", "mysql -p;"]
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """A slower-than-linear rule needs minutes for this."""
    hostile = piece * (200_000 // len(piece))
    assert isinstance(mask_text(hostile), str)
    assert len(mask_args(hostile.split(" "))) == len(hostile.split(" "))
