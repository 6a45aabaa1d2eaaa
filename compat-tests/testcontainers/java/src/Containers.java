import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.kafka.ConfluentKafkaContainer;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Starts klamm with Testcontainers for Java, as a test of somebody's application would, and uses it with the Java client.
 *
 * <p>Called as {@code Containers MODULE IMAGE RUNS}; prints one line of JSON: what each run saw, and how long its steps took.
 */
@SuppressWarnings("deprecation")
public final class Containers {
    /** A container, and how its module names the address for clients. */
    private record Broker(GenericContainer<?> container, java.util.function.Supplier<String> bootstrap) {
        static Broker apache(KafkaContainer container) {
            return new Broker(container, container::getBootstrapServers);
        }

        static Broker confluent(ConfluentKafkaContainer container) {
            return new Broker(container, container::getBootstrapServers);
        }

        static Broker older(org.testcontainers.containers.KafkaContainer container) {
            return new Broker(container, container::getBootstrapServers);
        }
    }

    private Containers() {}

    /** The containers as users of the modules write them. */
    private static Broker broker(String module, String image, Network network) {
        DockerImageName name = DockerImageName.parse(image);
        DockerImageName asApache = name.asCompatibleSubstituteFor("apache/kafka");
        DockerImageName asConfluent = name.asCompatibleSubstituteFor("confluentinc/cp-kafka");
        return switch (module) {
            case "apache" -> Broker.apache(new KafkaContainer(asApache));
            case "apache-native" -> Broker.apache(new KafkaContainer(name.asCompatibleSubstituteFor("apache/kafka-native")));
            case "apache-listener" -> Broker.apache(new KafkaContainer(asApache).withListener("kafka:19092").withNetwork(network));
            case "confluent" -> Broker.confluent(new ConfluentKafkaContainer(asConfluent));
            case "confluent-listener" ->
                Broker.confluent(new ConfluentKafkaContainer(asConfluent).withListener("kafka:19092").withNetwork(network));
            case "older-kraft" -> Broker.older(new org.testcontainers.containers.KafkaContainer(asConfluent).withKraft());
            case "older-zookeeper" -> Broker.older(new org.testcontainers.containers.KafkaContainer(asConfluent));
            default -> throw new IllegalArgumentException("there is no module " + module);
        };
    }

    private static Map<String, Object> once(String module, String image) throws Exception {
        try (Network network = Network.newNetwork()) {
            Broker broker = broker(module, image, network);
            try {
                long start = System.nanoTime();
                broker.container().start();
                double readyMs = Application.since(start);
                Map<String, Object> seen = Application.use(broker.bootstrap().get());
                seen.put("ready_ms", readyMs);
                if (module.endsWith("-listener")) seen.put("neighbour", neighbour(image, network));
                long stopping = System.nanoTime();
                broker.container().stop();
                seen.put("stop_ms", Application.since(stopping));
                return seen;
            } catch (Exception failure) {
                if (broker.container().getContainerId() != null) System.err.println(broker.container().getLogs());
                showSurroundings();
                throw failure;
            } finally {
                broker.container().stop();
            }
        }
    }

    /** Runs the command that the tests name for it: what the engine looks like while the container is still there. */
    private static void showSurroundings() throws Exception {
        String command = System.getenv("SURROUNDINGS");
        if (command == null) return;
        new ProcessBuilder(command.split(" ")).inheritIO().start().waitFor();
    }

    /** What a second container of the same network reads through the listener that was added for it. */
    private static List<String> neighbour(String image, Network network) throws Exception {
        try (var second = new GenericContainer<>(DockerImageName.parse(image)).withNetwork(network).withCommand("sleep", "600")) {
            second.start();
            ExecResult read = second.execInContainer("kafka-console-consumer", "--bootstrap-server", "kafka:19092",
                "--topic", Application.TOPIC, "--from-beginning", "--max-messages", String.valueOf(Application.COUNT),
                "--timeout-ms", String.valueOf(Application.LIMIT.toMillis()));
            if (read.getExitCode() != 0) throw new IllegalStateException(read.toString());
            return read.getStdout().lines().sorted().collect(Collectors.toList());
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<Map<String, Object>> runs = new ArrayList<>();
        for (int n = 0; n < Integer.parseInt(arguments[2]); n++) runs.add(once(arguments[0], arguments[1]));
        System.out.println(Json.of(Map.of("runs", runs)));
        // Testcontainers keeps threads of its own.
        System.exit(0);
    }
}
