package compat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What a Java application does with a broker, one case per call: {@code ClientCases BOOTSTRAP CASE TOPIC SETTLE [argument...]}.
 * Each case prints one line of JSON: what the broker answered. SETTLE is true for a broker that may answer a change before
 * its own reads show it. It compiles against every client that is tested.
 */
public final class ClientCases {
    static final Duration POLL = Duration.ofMillis(100);
    /** Ends a hopeless wait; says nothing about how fast anything must be. */
    static final long WAIT_NS = Duration.ofSeconds(60).toNanos();

    final String bootstrap;
    final String topic;
    final boolean settle;
    final List<String> arguments;

    private ClientCases(String bootstrap, String topic, boolean settle, List<String> arguments) {
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.settle = settle;
        this.arguments = arguments;
    }

    public static void main(String[] words) throws Exception {
        ClientCases cases = new ClientCases(words[0], words[2], Boolean.parseBoolean(words[3]),
            Arrays.asList(words).subList(4, words.length));
        Object result = cases.run(words[1]);
        System.out.println(new ObjectMapper().writeValueAsString(result));
    }

    private Object run(String name) throws Exception {
        switch (name) {
            case "codec": return codec(arguments.get(0));
            case "records": return records();
            case "acks": return acks(arguments.get(0));
            case "idempotent": return idempotent();
            case "large": return large();
            case "refused-records": return refusedRecords();
            case "group-of-two": return groupOfTwo(arguments.get(0));
            case "static-member": return staticMember();
            case "static-fenced": return staticFenced();
            case "commit": return commit();
            case "resume": return resume();
            case "commit-errors": return commitErrors();
            case "seek-by-time": return seekByTime();
            case "positions": return positions();
            case "many-partitions": return manyPartitions();
            case "pattern": return pattern();
            case "auto-create": return autoCreate();
            default: return new AdminCases(this).run(name);
        }
    }

    // What the cases share.

    Producer<String, String> producer(String... overrides) {
        Properties properties = with(overrides);
        properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
        properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
        return new KafkaProducer<>(properties);
    }

    Consumer<String, String> consumer(String... overrides) {
        Properties properties = with(overrides);
        properties.putIfAbsent(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.putIfAbsent(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put("group.protocol", "classic");
        properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, "300");
        properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, "45000");
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class.getName());
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class.getName());
        return new KafkaConsumer<>(properties);
    }

    Properties with(String... overrides) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (int index = 0; index < overrides.length; index += 2) properties.put(overrides[index], overrides[index + 1]);
        return properties;
    }

    static void until(BooleanSupplier done, Runnable step, String what) {
        long deadline = System.nanoTime() + WAIT_NS;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline) throw new IllegalStateException("never came: " + what);
            step.run();
        }
    }

    List<ConsumerRecord<String, String>> read(Consumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        until(() -> records.size() >= count, () -> consumer.poll(POLL).forEach(records::add), count + " records");
        return records;
    }

    List<ConsumerRecord<String, String>> readAll(int count, String... overrides) {
        try (Consumer<String, String> consumer = consumer(overrides)) {
            consumer.assign(partitions(consumer));
            consumer.seekToBeginning(consumer.assignment());
            return read(consumer, count);
        }
    }

    List<TopicPartition> partitions(Consumer<String, String> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo info : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, info.partition()));
        return partitions;
    }

    void produce(int count, String... overrides) throws Exception {
        try (Producer<String, String> producer = producer(overrides)) {
            for (int number = 0; number < count; number++) producer.send(new ProducerRecord<>(topic, "k" + number, "v" + number));
        }
    }

    /** The class of what a call failed with and its words, or what it returned. */
    static Object outcome(Attempt attempt) {
        try {
            Object value = attempt.run();
            return value == null ? "done" : value;
        } catch (ExecutionException thrown) {
            return told(thrown.getCause());
        } catch (Exception thrown) {
            return told(thrown);
        }
    }

    private static String told(Throwable thrown) {
        return thrown.getClass().getSimpleName() + ": " + thrown.getMessage();
    }

    interface Attempt {
        Object run() throws Exception;
    }

    static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int index = 0; index < entries.length; index += 2) map.put((String) entries[index], entries[index + 1]);
        return map;
    }

    static Map<String, Object> show(ConsumerRecord<String, String> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(header.key() + "=" + (header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8)));
        }
        return map("partition", record.partition(), "offset", record.offset(), "key", record.key(), "value", record.value(),
            "headers", headers, "timestamp", record.timestamp(), "type", record.timestampType().name,
            "epoch", record.leaderEpoch().orElse(-1));
    }

    static List<Object> show(Collection<ConsumerRecord<String, String>> records) {
        List<Object> shown = new ArrayList<>();
        for (ConsumerRecord<String, String> record : records) shown.add(show(record));
        return shown;
    }

    static List<Integer> numbers(Collection<TopicPartition> partitions) {
        TreeSet<Integer> numbers = new TreeSet<>();
        for (TopicPartition partition : partitions) numbers.add(partition.partition());
        return new ArrayList<>(numbers);
    }

    // Records.

    private Object codec(String codec) throws Exception {
        String filler = "abcdefgh".repeat(40);
        List<Long> offsets = new ArrayList<>();
        try (Producer<String, String> producer = producer("compression.type", codec, "linger.ms", "50")) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int number = 0; number < 100; number++) {
                sent.add(producer.send(new ProducerRecord<>(topic, 0, "k" + number, number + filler)));
            }
            for (Future<RecordMetadata> future : sent) offsets.add(future.get().offset());
        }
        List<ConsumerRecord<String, String>> records = readAll(100);
        List<String> values = new ArrayList<>();
        for (ConsumerRecord<String, String> record : records) values.add(record.offset() + record.key() + record.value().length());
        return map("offsets", offsets, "values", values);
    }

    private Object records() throws Exception {
        try (Producer<String, String> producer = producer()) {
            ProducerRecord<String, String> rich = new ProducerRecord<>(topic, 0, 1_000_000L, "key", "value");
            rich.headers().add("h", "first".getBytes(StandardCharsets.UTF_8)).add("h", "second".getBytes(StandardCharsets.UTF_8));
            rich.headers().add("null", null).add("empty", new byte[0]);
            producer.send(rich);
            producer.send(new ProducerRecord<>(topic, 0, 1_000_001L, null, "no key"));
            producer.send(new ProducerRecord<>(topic, 0, 1_000_002L, "no value", null, List.of()));
            producer.send(new ProducerRecord<>(topic, 0, 1_000_003L, null, null, List.of()));
            producer.send(new ProducerRecord<>(topic, 0, 1_000_004L, "", ""));
            producer.send(new ProducerRecord<>(topic, 0, 1_000_005L, "ключ", "日本語"));
        }
        return map("plain", show(readAll(6)), "committed", show(readAll(6, "isolation.level", "read_committed")));
    }

    private Object acks(String acks) throws Exception {
        List<Object> metadata = new ArrayList<>();
        try (Producer<String, String> producer = producer("acks", acks, "enable.idempotence", "false")) {
            for (int number = 0; number < 5; number++) {
                RecordMetadata sent = producer.send(new ProducerRecord<>(topic, 0, "k", "v" + number)).get();
                metadata.add(map("partition", sent.partition(), "has", sent.hasOffset(), "offset", sent.hasOffset() ? sent.offset() : -1));
            }
        }
        List<String> values = new ArrayList<>();
        for (ConsumerRecord<String, String> record : readAll(5)) values.add(record.offset() + record.value());
        return map("metadata", metadata, "values", values);
    }

    private Object idempotent() throws Exception {
        try (Producer<String, String> one = producer("batch.size", "200", "max.in.flight.requests.per.connection", "5");
             Producer<String, String> two = producer("batch.size", "200")) {
            for (int number = 0; number < 1000; number++) {
                one.send(new ProducerRecord<>(topic, 0, "one", "" + number));
                two.send(new ProducerRecord<>(topic, 0, "two", "" + number));
            }
            one.flush();
            two.flush();
        }
        Map<String, Integer> next = new HashMap<>();
        long offset = 0;
        for (ConsumerRecord<String, String> record : readAll(2000)) {
            if (record.offset() != offset++) return "a gap before " + record;
            int expected = next.merge(record.key(), 1, Integer::sum) - 1;
            if (!record.value().equals("" + expected)) return "out of order: " + record;
        }
        return new TreeMap<>(next);
    }

    private Object large() throws Exception {
        String value = "x".repeat(900_000);
        try (Producer<String, String> producer = producer()) {
            for (int number = 0; number < 3; number++) producer.send(new ProducerRecord<>(topic, 0, "k", value)).get();
        }
        List<Integer> sizes = new ArrayList<>();
        // A fetch limit below one record must still deliver it.
        for (ConsumerRecord<String, String> record : readAll(3, "max.partition.fetch.bytes", "1000", "fetch.max.bytes", "1000")) {
            sizes.add(record.value().length());
        }
        return sizes;
    }

    private Object refusedRecords() {
        List<Object> outcomes = new ArrayList<>();
        try (Producer<String, String> producer = producer("max.request.size", "10000000", "max.block.ms", "60000")) {
            outcomes.add(outcome(() -> producer.send(new ProducerRecord<>(topic, 0, "k", "x".repeat(2_000_000))).get().offset()));
            outcomes.add(outcome(() -> producer.send(new ProducerRecord<>(topic, 0, "k", "fits")).get().offset()));
            outcomes.add(outcome(() -> producer.send(new ProducerRecord<>("no good", "k", "v")).get().offset()));
            long ahead = System.currentTimeMillis() + Duration.ofDays(3).toMillis();
            outcomes.add(outcome(() -> producer.send(new ProducerRecord<>(topic, 0, ahead, "k", "v")).get().offset()));
        }
        return outcomes;
    }

    // Groups.

    private Object groupOfTwo(String strategy) throws Exception {
        String assignor = "org.apache.kafka.clients.consumer." + strategy;
        String group = topic + "-" + strategy;
        produce(40);
        Watched first = new Watched(group, assignor);
        until(() -> first.has(4), first::step, "all four for the first");
        Watched second = new Watched(group, assignor);
        until(() -> first.has(2) && second.has(2), () -> { first.step(); second.step(); }, "two for each");
        List<Integer> both = new ArrayList<>(first.owned());
        both.addAll(second.owned());
        both.sort(null);
        first.consumer.commitSync();
        second.consumer.commitSync();
        first.consumer.close();
        until(() -> second.has(4), second::step, "all four for the second");
        Map<String, Object> result = map("both", both, "last", second.owned(), "revoked", first.revokedAtOnce, "lost", second.lost,
            "generation", second.consumer.groupMetadata().generationId());
        TreeSet<String> seen = new TreeSet<>(first.seen);
        until(() -> seen.size() >= 40, () -> { second.step(); seen.addAll(second.seen); }, "every record");
        result.put("records", seen.size());
        second.consumer.close();
        return result;
    }

    /** A consumer in a group, with what it was told about its partitions. */
    private final class Watched implements ConsumerRebalanceListener {
        final Consumer<String, String> consumer;
        final TreeSet<Integer> owned = new TreeSet<>();
        final TreeSet<String> seen = new TreeSet<>();
        int lost;
        int revokedAtOnce;

        Watched(String group, String assignor) {
            consumer = consumer("group.id", group, "partition.assignment.strategy", assignor);
            consumer.subscribe(List.of(topic), this);
        }

        void step() {
            for (ConsumerRecord<String, String> record : consumer.poll(POLL)) seen.add(record.partition() + "/" + record.offset());
            // A commit that meets a rebalance fails; the next owner then reads those records again, and nobody misses one.
            if (!consumer.assignment().isEmpty()) outcome(() -> { consumer.commitSync(); return null; });
        }

        boolean has(int count) {
            return owned.size() == count;
        }

        List<Integer> owned() {
            return new ArrayList<>(owned);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            owned.addAll(numbers(partitions));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (!partitions.isEmpty() && revokedAtOnce == 0) revokedAtOnce = partitions.size();
            owned.removeAll(numbers(partitions));
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            lost++;
            owned.removeAll(numbers(partitions));
        }
    }

    private Object staticMember() throws Exception {
        produce(8);
        List<Object> turns = new ArrayList<>();
        for (int turn = 0; turn < 3; turn++) {
            try (Consumer<String, String> consumer = consumer("group.id", topic + "-static", "group.instance.id", "one")) {
                consumer.subscribe(List.of(topic));
                until(() -> consumer.assignment().size() == 4, () -> consumer.poll(POLL), "the assignment of turn " + turn);
                turns.add(map("generation", consumer.groupMetadata().generationId(), "owned", numbers(consumer.assignment()),
                    "instance", consumer.groupMetadata().groupInstanceId().orElse("")));
            }
        }
        return turns;
    }

    private Object staticFenced() throws Exception {
        produce(8);
        String group = topic + "-fenced";
        Consumer<String, String> first = consumer("group.id", group, "group.instance.id", "one");
        first.subscribe(List.of(topic));
        until(() -> first.assignment().size() == 4, () -> first.poll(POLL), "the assignment");
        Consumer<String, String> second = consumer("group.id", group, "group.instance.id", "one");
        second.subscribe(List.of(topic));
        until(() -> second.assignment().size() == 4, () -> second.poll(POLL), "the assignment of the second");
        Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1));
        Object fenced = outcome(() -> { first.commitSync(offsets); return null; });
        Object served = outcome(() -> { second.commitSync(offsets); return null; });
        outcome(() -> { first.close(); return null; });
        second.close();
        return map("first", ((String) fenced).split(":")[0], "second", served);
    }

    private Object commit() throws Exception {
        produce(20);
        try (Consumer<String, String> consumer = consumer("group.id", topic)) {
            consumer.subscribe(List.of(topic));
            until(() -> !consumer.assignment().isEmpty(), () -> consumer.poll(POLL), "the assignment");
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (TopicPartition partition : consumer.assignment()) {
                offsets.put(partition, new OffsetAndMetadata(partition.partition() + 1, Optional.of(0), "note " + partition.partition()));
            }
            consumer.commitSync(offsets);
            return committed(consumer);
        }
    }

    private Object resume() {
        try (Consumer<String, String> consumer = consumer("group.id", topic)) {
            Object before = committed(consumer);
            consumer.subscribe(List.of(topic));
            until(() -> !consumer.assignment().isEmpty(), () -> consumer.poll(Duration.ZERO), "the assignment");
            List<Object> positions = new ArrayList<>();
            for (TopicPartition partition : List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1))) {
                consumer.seek(partition, consumer.committed(Set.of(partition)).get(partition));
                positions.add(consumer.position(partition));
            }
            List<ConsumerRecord<String, String>> records = read(consumer, 17);
            records.sort(Comparator.<ConsumerRecord<String, String>>comparingInt(ConsumerRecord::partition)
                .thenComparingLong(ConsumerRecord::offset));
            List<String> seen = new ArrayList<>();
            for (ConsumerRecord<String, String> record : records) seen.add(record.partition() + "/" + record.offset() + " " + record.value());
            return map("committed", before, "positions", positions, "seen", seen);
        }
    }

    private Map<String, Object> committed(Consumer<String, String> consumer) {
        Map<String, Object> shown = new TreeMap<>();
        consumer.committed(Set.copyOf(partitions(consumer))).forEach((partition, offset) -> shown.put("" + partition.partition(),
            offset == null ? null : map("offset", offset.offset(), "epoch", offset.leaderEpoch().orElse(-1), "metadata", offset.metadata())));
        return shown;
    }

    private Object commitErrors() throws Exception {
        produce(2);
        List<Object> outcomes = new ArrayList<>();
        TopicPartition there = new TopicPartition(topic, 0);
        // Manual assignment: a group without members, which only commits.
        try (Consumer<String, String> consumer = consumer("group.id", topic + "-simple", "default.api.timeout.ms", "60000")) {
            consumer.assign(List.of(there));
            outcomes.add(outcome(() -> { consumer.commitSync(Map.of(there, new OffsetAndMetadata(1, "m".repeat(5000)))); return null; }));
            outcomes.add(outcome(() -> { consumer.commitSync(Map.of(there, new OffsetAndMetadata(1, "m".repeat(4096)))); return null; }));
            outcomes.add(outcome(() -> { consumer.commitSync(Map.of(there, new OffsetAndMetadata(77))); return null; }));
            outcomes.add(outcome(() -> consumer.committed(Set.of(there)).get(there).offset()));
        }
        try (Consumer<String, String> consumer = consumer("auto.offset.reset", "none")) {
            consumer.assign(List.of(there));
            consumer.seek(there, 99);
            outcomes.add(outcome(() -> {
                until(() -> false, () -> consumer.poll(POLL), "a refusal");
                return null;
            }).toString().split(":")[0]);
        }
        try (Consumer<String, String> consumer = consumer("auto.offset.reset", "none", "group.id", topic + "-fresh")) {
            consumer.assign(List.of(there));
            outcomes.add(outcome(() -> {
                until(() -> false, () -> consumer.poll(POLL), "a refusal");
                return null;
            }).toString().split(":")[0]);
        }
        return outcomes;
    }

    // Reading.

    private Object seekByTime() throws Exception {
        try (Producer<String, String> producer = producer()) {
            for (int number = 0; number < 100; number++) {
                producer.send(new ProducerRecord<>(topic, 0, 1_000_000L + number * 1000L, "k", "v" + number));
            }
        }
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> found = new LinkedHashMap<>();
        try (Consumer<String, String> consumer = consumer()) {
            consumer.assign(List.of(partition));
            for (long time : new long[] {0, 1_000_000, 1_000_001, 1_050_000, 1_050_500, 1_099_000, 1_099_001, 9_000_000_000_000L}) {
                OffsetAndTimestamp answer = consumer.offsetsForTimes(Map.of(partition, time)).get(partition);
                if (answer == null) {
                    found.put("" + time, null);
                    continue;
                }
                consumer.seek(partition, answer.offset());
                found.put("" + time, map("offset", answer.offset(), "timestamp", answer.timestamp(),
                    "epoch", answer.leaderEpoch().orElse(-1), "next", read(consumer, 1).get(0).value()));
            }
        }
        return found;
    }

    private Object positions() throws Exception {
        produce(30);
        try (Consumer<String, String> consumer = consumer()) {
            List<TopicPartition> all = partitions(consumer);
            consumer.assign(all);
            List<Object> steps = new ArrayList<>();
            Map<String, Object> begin = new TreeMap<>();
            consumer.beginningOffsets(all).forEach((partition, offset) -> begin.put("" + partition.partition(), offset));
            Map<String, Object> end = new TreeMap<>();
            consumer.endOffsets(all).forEach((partition, offset) -> end.put("" + partition.partition(), offset));
            steps.add(begin);
            steps.add(end);
            consumer.seekToEnd(all);
            for (TopicPartition partition : all) steps.add(consumer.position(partition));
            TopicPartition last = all.get(all.size() - 1);
            consumer.seek(last, 1);
            consumer.pause(all.subList(0, all.size() - 1));
            steps.add(read(consumer, 1).get(0).offset());
            steps.add(consumer.currentLag(last).isPresent());
            return steps;
        }
    }

    private Object manyPartitions() throws Exception {
        produce(600);
        Map<String, Integer> perPartition = new TreeMap<>();
        try (Consumer<String, String> consumer = consumer("max.poll.records", "50", "max.partition.fetch.bytes", "300")) {
            consumer.assign(partitions(consumer));
            consumer.seekToBeginning(consumer.assignment());
            for (ConsumerRecord<String, String> record : read(consumer, 600)) perPartition.merge("" + record.partition(), 1, Integer::sum);
            // The session goes on: what is new in one partition of many arrives, and nothing else.
            produce(1);
            perPartition.put("later", read(consumer, 1).size());
        }
        return perPartition;
    }

    private Object pattern() throws Exception {
        produce(3);
        try (Consumer<String, String> consumer = consumer("group.id", topic + "-pattern")) {
            consumer.subscribe(Pattern.compile(Pattern.quote(topic) + ".*"));
            List<String> topics = new ArrayList<>();
            for (ConsumerRecord<String, String> record : read(consumer, 3)) topics.add(record.topic());
            return topics;
        }
    }

    private Object autoCreate() throws Exception {
        try (Producer<String, String> producer = producer()) {
            RecordMetadata sent = producer.send(new ProducerRecord<>(topic, "k", "v")).get();
            List<Object> partitions = new ArrayList<>();
            for (PartitionInfo info : producer.partitionsFor(topic)) {
                partitions.add(map("partition", info.partition(), "leader", info.leader().id(), "replicas", info.replicas().length,
                    "isr", info.inSyncReplicas().length, "offline", info.offlineReplicas().length));
            }
            return map("offset", sent.offset(), "partitions", partitions);
        }
    }
}
