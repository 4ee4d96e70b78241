"""Operates the controller that JUJU_DATA names, as integration tests in Python do. Its argument is a charm."""

import sys

import jubilant

juju = jubilant.Juju(model="kubeflow", wait_timeout=60)
resources = {"image": "docker.io/stand/teller:1"}
for application in ("one", "two"):
    juju.deploy(sys.argv[1], application, resources=resources, trust=True, config={"word": "ready"})
juju.integrate("one:give", "two:take")


def ready(status: jubilant.Status) -> bool:
    return jubilant.all_active(status, "one", "two") and jubilant.all_agents_idle(status, "one", "two")


status = juju.wait(ready, delay=0.1, successes=2, error=jubilant.any_error)
assert status.apps["one"].units["one/0"].workload_status.message.startswith("ready"), status

task = juju.run("one/0", "greet", {"who": "jubilant"})
assert task.results["greeting"] == "hello jubilant from one/0", task
try:
    juju.run("one/0", "fail")
except jubilant.TaskError as error:
    assert "as asked" in str(error), error
else:
    raise AssertionError("the action did not fail")

secret = juju.add_secret("mine", {"password": "do not tell"})
juju.grant_secret(secret, "one")
assert juju.exec("secret-get", str(secret), "password", unit="one/0").stdout.strip() == "do not tell"
assert "ran hooks/install" in juju.debug_log(limit=1000)

juju.cli("scale-application", "two", "2")
juju.wait(lambda status: len(status.apps["two"].units) == 2 and ready(status), delay=0.1, successes=2)
juju.remove_application("one", "two")
juju.wait(lambda status: not status.apps, delay=0.1, successes=1)
print("operated")
