import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** What an application does with a broker that has just become ready: it makes a topic, writes to it and reads it in a group. */
final class Application {
    static final String TOPIC = "orders";
    static final int PARTITIONS = 3;
    static final int COUNT = 10;
    /** Ends a hopeless wait. Nothing here is expected to come near it. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    private Application() {}

    static double since(long startNanos) {
        return (System.nanoTime() - startNanos) / 100_000 / 10.0;
    }

    static Map<String, Object> use(String bootstrap) throws Exception {
        long ready = System.nanoTime();
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("bootstrap", bootstrap);
        // No call of the admin client may need a second try.
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "retries", 0))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            seen.put("cluster_id", admin.describeCluster().clusterId().get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            write(bootstrap, ready, seen);
            readInGroup(bootstrap, seen);
            seen.put("group_ms", since(ready));
            var offsets = admin.listConsumerGroupOffsets("readers").partitionsToOffsetAndMetadata().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            seen.put("committed", offsets.values().stream().mapToLong(offset -> offset.offset()).sum());
        }
        return seen;
    }

    private static void write(String bootstrap, long ready, Map<String, Object> seen) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "enable.idempotence", true);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (int n = 0; n < COUNT; n++) {
                var record = new ProducerRecord<String, String>(TOPIC, n % PARTITIONS, null, "value-" + n);
                producer.send(record).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
                if (n == 0) seen.put("first_record_ms", since(ready));
            }
        }
    }

    private static void readInGroup(String bootstrap, Map<String, Object> seen) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "group.id", "readers",
            "auto.offset.reset", "earliest", "enable.auto.commit", false);
        List<String> values = new ArrayList<>();
        Owned owned = new Owned();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC), owned);
            while (values.size() < COUNT) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(values.size() + " of " + COUNT + " records in a group that owns " + owned.partitions);
                }
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            consumer.commitSync();
        }
        seen.put("values", values);
        seen.put("owned", new ArrayList<>(owned.partitions));
    }

    /** Every partition that the group ever gave to its only member. */
    private static final class Owned implements ConsumerRebalanceListener {
        final Set<Integer> partitions = new TreeSet<>();

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> given) {
            given.forEach(partition -> partitions.add(partition.partition()));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> taken) {}
    }
}
