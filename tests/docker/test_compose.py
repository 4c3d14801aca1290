"""The compose files say nothing that the code does not know: variables, files, ports, commands, start order."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import auth.settings
import collector.settings
import generator.settings
from common.settings import read
from tests.docker import compose_files, dockerfile

ROOT = compose_files.ROOT
DEMO = compose_files.load(compose_files.DEMO)
SERVICES = {
    "auth",
    "collector",
    "generator",
    "postgres",
    "mosquitto",
    "prometheus",
    "alertmanager",
    "postgres-exporter",
    "grafana",
}
ONE_SHOTS = {"migrate", "demo-data"}
RECORDS = {
    "auth": auth.settings.Settings,
    "demo-data": auth.settings.Settings,
    "migrate": auth.settings.OwnerSettings,
    "collector": collector.settings.Settings,
    "generator": generator.settings.Settings,
}
# What images of others read, and where that can be seen; Grafana reads GF_<section>_<key> for every key of its own.
THIRD_PARTY = {
    "postgres": {"POSTGRES_PASSWORD": None, "METRICS_PASSWORD": "sql/init.sql"},
    "mosquitto": {"MQTT_PASSWORD": "mosquitto/entrypoint.sh"},
    "postgres-exporter": {"DATA_SOURCE_URI": None, "DATA_SOURCE_USER": None, "DATA_SOURCE_PASS": None},
    "grafana": {
        "GF_SECURITY_ADMIN_USER": None,
        "GF_SECURITY_ADMIN_PASSWORD": None,
        "GF_SECURITY_COOKIE_SECURE": None,
        "GF_AUTH_ANONYMOUS_ENABLED": None,
        "GF_AUTH_ANONYMOUS_ORG_ROLE": None,
        "GF_SERVER_ROOT_URL": None,
        "GF_SERVER_SERVE_FROM_SUB_PATH": None,
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": None,
        "GF_ANALYTICS_REPORTING_ENABLED": None,
        "GF_ANALYTICS_CHECK_FOR_UPDATES": None,
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": None,
        "GF_PLUGINS_PREINSTALL_DISABLED": None,
        "READER_DATABASE_PASSWORD": "grafana/provisioning/datasources/watchhouse.yml",
    },
}
OUTER_PORTS = {
    "auth": 5000,
    "collector": 9101,
    "postgres": 55432,
    "mosquitto": 1883,
    "prometheus": 9090,
    "alertmanager": 9093,
    "postgres-exporter": 9187,
    "grafana": 3000,
}
INNER_PORTS = {**OUTER_PORTS, "postgres": 5432}
GIVEN = {
    "PUBLIC_HOST": "watchhouse.example",
    "TLS_FOLDER": "./tls",
    "MAIL_FROM": "house@watchhouse.example",
    "SMTP_URL": "smtps://house:0123456789abcdef@mail.watchhouse.example:465",
    "MQTT_PASSWORD": "m" * 32,
    "POSTGRES_PASSWORD": "p" * 32,
    "METRICS_PASSWORD": "o" * 32,
    "SECRET_KEY": "s" * 32,
    "DEVICE_KEY": "d" * 32,
    "PIN_PEPPER": "q" * 32,
    "GRAFANA_PASSWORD": "g" * 32,
    "AUTH_DATABASE_PASSWORD": "a" * 32,
    "COLLECTOR_DATABASE_PASSWORD": "c" * 32,
    "READER_DATABASE_PASSWORD": "r" * 32,
    "MONITOR_DATABASE_PASSWORD": "n" * 32,
}
PRODUCTION = compose_files.load(compose_files.DEMO, compose_files.PRODUCTION, given=GIVEN)


def settings_of(service: str) -> set[str]:
    """The names of all variables that the process in `service` reads."""
    fields = [field.metadata for field in dataclasses.fields(RECORDS[service])]
    files = {f"{field['name']}_FILE" for field in fields if field["secret"]}
    return {field["name"] for field in fields} | files | {"WATCHHOUSE_DEMO"}


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Source and target of each mount."""
    return [tuple(mount.split(":")[:2]) for mount in service.get("volumes", [])]  # type: ignore[misc]


def test_it_has_every_service_of_the_contract_and_the_steps_that_prepare_them():
    assert set(DEMO["services"]) == SERVICES | ONE_SHOTS


@pytest.mark.parametrize("name", RECORDS)
def test_every_variable_of_ours_is_a_setting_that_is_read(name):
    assert set(DEMO["services"][name]["environment"]) <= settings_of(name)
    assert set(PRODUCTION["services"][name]["environment"]) <= settings_of(name)


@pytest.mark.parametrize("name", ["auth", "migrate", "collector", "generator"])
def test_every_setting_can_be_given(name):
    names = {field.metadata["name"] for field in dataclasses.fields(RECORDS[name])}
    assert names <= set(DEMO["services"][name]["environment"])


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_every_variable_of_others_is_one_that_they_read(name):
    variables = set(DEMO["services"][name]["environment"]) | set(PRODUCTION["services"][name]["environment"])
    assert variables <= set(THIRD_PARTY[name])
    for variable, place in THIRD_PARTY[name].items():
        assert place is None or re.search(rf"\b{variable}\b", (ROOT / place).read_text())


@pytest.mark.parametrize("name", RECORDS)
def test_the_demos_settings_are_accepted(name):
    settings = read(RECORDS[name], DEMO["services"][name]["environment"])
    assert settings.demo if hasattr(settings, "demo") else settings


@pytest.mark.parametrize("name", sorted(set(RECORDS) - {"generator", "demo-data"}))
def test_the_productions_settings_are_accepted_outside_a_demo(name):
    environment = PRODUCTION["services"][name]["environment"]
    assert environment["WATCHHOUSE_DEMO"] == "0"
    assert read(RECORDS[name], environment)


def test_what_listens_listens_for_all_in_its_container_on_the_port_that_is_published():
    for name, record in (("auth", auth.settings.Settings), ("collector", collector.settings.Settings)):
        settings = read(record, DEMO["services"][name]["environment"])
        assert (settings.host, settings.port) == ("0.0.0.0", INNER_PORTS[name])


def test_every_port_is_the_real_one():
    published = {name: compose_files.ports(service) for name, service in DEMO["services"].items() if "ports" in service}
    assert published == {name: [("127.0.0.1", OUTER_PORTS[name], INNER_PORTS[name])] for name in OUTER_PORTS}


def test_only_the_service_and_grafana_can_be_opened_to_others():
    opened = compose_files.load(compose_files.DEMO, given={"BIND_ADDRESS": "0.0.0.0"})["services"]
    addresses = {name: address for name, service in opened.items() for address, _, _ in compose_files.ports(service)}
    assert {name for name, address in addresses.items() if address != "127.0.0.1"} == {"auth", "grafana"}


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_every_mounted_file_exists(house):
    sources = [source for service in house["services"].values() for source, _ in mounts(service)]
    files = [source for source in sources if source.startswith("./") and source != GIVEN["TLS_FOLDER"]]
    named = {source for source in sources if not source.startswith((".", "/"))}
    assert [source for source in files if not (ROOT / source).exists()] == []
    assert len(files) >= 9
    assert named == set(house["volumes"])


def test_files_that_name_one_another_are_mounted_where_they_are_looked_for():
    targets = {name: dict(map(reversed, mounts(service))) for name, service in DEMO["services"].items()}
    provider = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/watchhouse.yml").read_text())["providers"][0]
    assert targets["grafana"][provider["options"]["path"]] == "./grafana/dashboards"
    home = DEMO["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "grafana/dashboards" / Path(home).name).exists()


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_the_broker_finds_the_files_that_its_configuration_names(house):
    targets = {target: source for source, target in mounts(house["services"]["mosquitto"])}
    configuration = (ROOT / targets["/mosquitto/config/mosquitto.conf"]).read_text()
    named = re.findall(r"^(?:include_dir|acl_file|password_file|certfile|keyfile) (\S+)", configuration, re.MULTILINE)
    assert len(named) >= 3
    assert [path for path in named if not any(path.startswith(target) for target in targets)] == []
    listeners = configuration.count("\nlistener ")
    assert configuration.count("\nuse_username_as_clientid true\n") == listeners > 0


def test_productions_broker_is_the_demos_with_another_listener():
    demo, production = ((ROOT / "mosquitto" / name).read_text() for name in ("container.conf", "production.conf"))
    assert demo.partition("\n")[2] in production
    assert PRODUCTION["services"]["auth"]["environment"]["MQTT_PUBLIC_URL"] == "mqtts://watchhouse.example:8883"
    assert "\nlistener 8883\n" in production


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_the_collector_writes_the_accounts_that_the_broker_reads(house):
    """In the broker's folder, by its group: mosquitto has the number 1883 in its image."""
    collectors = house["services"]["collector"]
    written = read(collector.settings.Settings, collectors["environment"]).broker_accounts
    ours = dict(mounts(collectors))["mosquitto"]
    theirs = dict(mounts(house["services"]["mosquitto"]))["mosquitto"]
    read_by_broker = re.search(r"^password_file (\S+)", (ROOT / "mosquitto/container.conf").read_text(), re.MULTILINE)
    assert read_by_broker
    assert Path(theirs, written.relative_to(ours)) == Path(read_by_broker[1])
    assert collectors["group_add"] == ["1883"]


def test_auth_and_collector_share_the_data_volume_and_the_collector_sees_its_host():
    assert ("data", "/data") in mounts(DEMO["services"]["auth"])
    assert {("data", "/data"), ("/proc", "/host/proc")} <= set(mounts(DEMO["services"]["collector"]))
    settings = read(collector.settings.Settings, DEMO["services"]["collector"]["environment"])
    assert (str(settings.host_proc), str(settings.host_disk)) == ("/host/proc", "/data")


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_the_collector_reads_the_journal_that_auth_writes(house):
    """One folder on one volume, and one user with one number, since only the owner may read it."""
    both = {"auth": auth.settings.Settings, "collector": collector.settings.Settings}
    folders = [read(record, house["services"][name]["environment"]).data for name, record in both.items()]
    assert folders == 2 * [Path("/data")]
    assert all(("data", "/data") in mounts(house["services"][name]) for name in both)
    assert not any("user" in house["services"][name] for name in both)
    assert [dockerfile.stages()[name].all("USER") for name in both] == 2 * [["watchhouse"]]
    assert [dockerfile.stages()[name].base for name in both] == 2 * ["runtime"]
    assert any("--uid 10001" in command for command in dockerfile.stages()["runtime"].all("RUN"))


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_every_address_inside_is_a_service_and_its_port(house):
    texts = [str(value) for service in house["services"].values() for value in service.get("environment", {}).values()]
    texts += [
        (ROOT / path).read_text()
        for path in (
            "prometheus/targets.yml",
            "prometheus/alertmanagers.yml",
            "grafana/provisioning/datasources/watchhouse.yml",
            "docker/nginx.conf",
        )
    ]
    names = "|".join(house["services"])
    found = re.findall(rf"(?:@|//|'|^|url: )({names}):(\d+)", "\n".join(texts), re.MULTILINE)
    assert len(found) >= 8
    assert [(name, port) for name, port in found if INNER_PORTS[name] != int(port)] == []


def test_each_waits_for_what_it_needs_and_only_for_what_can_be_waited_for():
    checked = {name for name in SERVICES if "healthcheck" in DEMO["services"][name] or dockerfile.stages().get(name)}
    assert checked == SERVICES
    for name, service in DEMO["services"].items():
        for needed, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            assert (condition == "service_completed_successfully") == (needed in ONE_SHOTS), (name, needed)
    waits = {name: set(service.get("depends_on", {})) for name, service in DEMO["services"].items()}
    assert all("migrate" in waits[name] for name in ("auth", "collector", "postgres-exporter", "demo-data", "grafana"))
    assert waits["migrate"] == {"postgres"}
    assert waits["generator"] == {"auth"}


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_no_container_has_more_rights_than_it_needs(house):
    for name, service in house["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service


@pytest.mark.parametrize("house", [DEMO, PRODUCTION], ids=["demo", "production"])
def test_images_of_others_are_pinned(house):
    images = [service["image"] for service in house["services"].values() if "image" in service]
    images.append(dockerfile.arguments()["PYTHON_IMAGE"])
    assert [image for image in images if not re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)*$", image)] == []


@pytest.mark.parametrize("name", sorted(set(GIVEN) - {"TLS_FOLDER"}))
def test_production_does_not_start_without_its_secrets(name):
    given = {key: value for key, value in GIVEN.items() if key != name}
    with pytest.raises(compose_files.MissingVariableError, match=name):
        compose_files.load(compose_files.DEMO, compose_files.PRODUCTION, given=given)


def test_production_has_no_demo_and_opens_only_tls():
    running = {name: service for name, service in PRODUCTION["services"].items() if "profiles" not in service}
    assert set(running) == (SERVICES - {"generator"}) | {"migrate", "nginx"}
    assert re.findall(r"\w*demo_pass|metrics_pass", str(running)) == []
    opened = [
        (name, outer)
        for name, service in running.items()
        for address, outer, _ in compose_files.ports(service)
        if address != "127.0.0.1"
    ]
    assert sorted(opened) == [("mosquitto", 8883), ("nginx", 80), ("nginx", 443)]
    assert running["grafana"]["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    needed = {name for service in running.values() for name in service.get("depends_on", {})}
    assert not needed & {"demo-data", "generator"}


def test_a_second_copy_can_have_other_ports():
    names = [
        "AUTH_PORT",
        "COLLECTOR_PORT",
        "POSTGRES_PORT",
        "MQTT_PORT",
        "PROMETHEUS_PORT",
        "ALERTMANAGER_PORT",
        "EXPORTER_PORT",
        "GRAFANA_PORT",
    ]
    other = compose_files.load(compose_files.DEMO, given={name: str(7000 + at) for at, name in enumerate(names)})
    outer = [port for service in other["services"].values() for _, port, _ in compose_files.ports(service)]
    assert sorted(outer) == list(range(7000, 7008))


def test_every_variable_an_operator_may_give_is_in_an_example():
    examples = "".join((ROOT / path).read_text() for path in (".env.example", "docker/env.example"))
    names = compose_files.variables(compose_files.DEMO) | compose_files.variables(compose_files.PRODUCTION)
    assert names - set(re.findall(r"^#(\w+)=", examples, re.MULTILINE)) == set()


def test_dockers_example_has_nothing_that_is_not_read_and_tells_the_defaults():
    named = dict(re.findall(r"^#(\w+)=(.*)", (ROOT / "docker/env.example").read_text(), re.MULTILINE))
    assert set(named) <= compose_files.variables(compose_files.DEMO) | compose_files.variables(compose_files.PRODUCTION)
    defaults = {name: value for name, value in named.items() if value}
    assert compose_files.load(compose_files.DEMO, given=defaults) == DEMO
