package compat;

import static compat.ClientCases.map;
import static compat.ClientCases.outcome;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;

/** The cases that go through the admin client. */
final class AdminCases {
    private final ClientCases cases;
    private final String topic;
    private final TopicPartition first;

    AdminCases(ClientCases cases) {
        this.cases = cases;
        this.topic = cases.topic;
        this.first = new TopicPartition(topic, 0);
    }

    Object run(String name) throws Exception {
        try (Admin admin = Admin.create(cases.with("default.api.timeout.ms", "30000"))) {
            switch (name) {
                case "create": return create(admin);
                case "settle": return settle(admin);
                case "topic-admin": return topicAdmin(admin);
                case "topic-errors": return topicErrors(admin);
                case "configs": return configs(admin);
                case "list-offsets": return listOffsets(admin);
                case "delete-records": return deleteRecords(admin);
                case "log-dirs": return logDirs(admin);
                case "producers": return producers(admin);
                case "cluster": return cluster(admin);
                case "group-admin": return groupAdmin(admin);
                default: throw new IllegalArgumentException("no case " + name);
            }
        }
    }

    /**
     * Not a case of its own: the topic that the other cases use, with as many partitions as the first argument says. It asks
     * for offsets afterwards, because Kafka may answer before the new leaders serve; and, as a client gives up over offsets
     * of a topic that is not there, before the topic is listed.
     */
    private Object create(Admin admin) throws Exception {
        int partitions = Integer.parseInt(cases.arguments.get(0));
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        if (cases.settle) awaitListed(admin, topic);
        Map<TopicPartition, OffsetSpec> ends = new LinkedHashMap<>();
        for (int partition = 0; partition < partitions; partition++) ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        return admin.listOffsets(ends).all().get().size();
    }

    /**
     * Returns once every change that was answered before is visible. Kafka's changes are one log, and a broker shows them in
     * its order, after the controller has answered: when a topic made now is listed, all that came before is there too.
     */
    private Object settle(Admin admin) throws Exception {
        if (!cases.settle) return "at once";
        String marker = "settled-" + Uuid.randomUuid();
        admin.createTopics(List.of(new NewTopic(marker, 1, (short) 1))).all().get();
        awaitListed(admin, marker);
        admin.deleteTopics(List.of(marker)).all().get();
        return "settled";
    }

    private static void awaitListed(Admin admin, String name) throws Exception {
        long deadline = System.nanoTime() + ClientCases.WAIT_NS;
        while (!admin.listTopics().names().get().contains(name)) {
            if (System.nanoTime() > deadline) throw new IllegalStateException("never listed: " + name);
        }
    }

    // Topics.

    private Object topicAdmin(Admin admin) throws Exception {
        Map<String, Object> steps = new LinkedHashMap<>();
        NewTopic wanted = new NewTopic(topic, 2, (short) 1).configs(Map.of("max.message.bytes", "5000", "retention.ms", "7000"));
        admin.createTopics(List.of(wanted), new CreateTopicsOptions().validateOnly(true)).all().get();
        steps.put("validated only", admin.listTopics().names().get().contains(topic));
        CreateTopicsResult created = admin.createTopics(List.of(wanted));
        steps.put("created", map("partitions", created.numPartitions(topic).get(), "replicas", created.replicationFactor(topic).get(),
            "id", !created.topicId(topic).get().equals(Uuid.ZERO_UUID), "config", configOf(created.config(topic).get())));
        admin.createTopics(List.of(new NewTopic(topic + "-assigned", Map.of(0, List.of(1), 1, List.of(1))))).all().get();
        admin.createTopics(List.of(new NewTopic(topic + "-default", Optional.empty(), Optional.empty()))).all().get();
        settle(admin);
        steps.put("listed", new TreeSet<>(admin.listTopics().names().get()).subSet(topic, topic + "~"));
        steps.put("described", describe(admin, topic));
        steps.put("described by default", describe(admin, topic + "-default"));
        Uuid id = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
        steps.put("described by id", id.equals(created.topicId(topic).get())
            && admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id).name().equals(topic));
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4)), new CreatePartitionsOptions().validateOnly(true)).all().get();
        steps.put("still", describe(admin, topic).size());
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
        settle(admin);
        steps.put("grown", describe(admin, topic));
        admin.deleteTopics(List.of(topic, topic + "-assigned")).all().get();
        Uuid other = admin.describeTopics(List.of(topic + "-default")).allTopicNames().get().get(topic + "-default").topicId();
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(other))).all().get();
        settle(admin);
        steps.put("left", new TreeSet<>(admin.listTopics().names().get()).subSet(topic, topic + "~"));
        return steps;
    }

    private List<Object> describe(Admin admin, String name) throws Exception {
        TopicDescription description = admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
        List<Object> partitions = new ArrayList<>();
        for (TopicPartitionInfo info : description.partitions()) {
            partitions.add(map("partition", info.partition(), "leader", info.leader().id(), "replicas", info.replicas().size(),
                "isr", info.isr().size(), "internal", description.isInternal()));
        }
        return partitions;
    }

    private Object topicErrors(Admin admin) throws Exception {
        create(admin);
        List<Object> outcomes = new ArrayList<>();
        for (NewTopic bad : List.of(new NewTopic(topic, 1, (short) 1), new NewTopic("no good", 1, (short) 1), new NewTopic("", 1, (short) 1),
            new NewTopic(topic + "-p", 0, (short) 1), new NewTopic(topic + "-p", -2, (short) 1), new NewTopic(topic + "-r", 1, (short) 3),
            new NewTopic(topic + "-r", 1, (short) 0), new NewTopic(topic + "-a", Map.of(1, List.of(1))),
            new NewTopic(topic + "-a", Map.of(0, List.of(9))), new NewTopic(topic + "-a", Map.of(0, List.of(1, 1))),
            new NewTopic(topic + "-a", Map.of(0, List.of())),
            new NewTopic(topic + "-c", 1, (short) 1).configs(Map.of("nonsense", "1")),
            new NewTopic(topic + "-c", 1, (short) 1).configs(Map.of("retention.ms", "soon")),
            new NewTopic(topic + "-c", 1, (short) 1).configs(Collections.singletonMap("retention.ms", null)))) {
            outcomes.add(outcome(() -> admin.createTopics(List.of(bad)).all().get()));
        }
        outcomes.add(outcome(() -> admin.describeTopics(List.of(topic + "-none")).allTopicNames().get().size()));
        outcomes.add(outcome(() -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(new Uuid(1, 2)))).allTopicIds().get().size()));
        outcomes.add(outcome(() -> admin.deleteTopics(List.of(topic + "-none")).all().get()));
        outcomes.add(outcome(() -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(new Uuid(1, 2)))).all().get()));
        outcomes.add(outcome(() -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(1))).all().get()));
        outcomes.add(outcome(() -> admin.createPartitions(Map.of(topic + "-none", NewPartitions.increaseTo(5))).all().get()));
        outcomes.add(outcome(() -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4, List.of(List.of(7), List.of(1))))).all().get()));
        return outcomes;
    }

    private Object configs(Admin admin) throws Exception {
        create(admin);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, Object> steps = new LinkedHashMap<>();
        steps.put("fresh", described(admin, resource));
        alter(admin, resource, "retention.ms", "9000", AlterConfigOp.OpType.SET);
        alter(admin, resource, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
        settle(admin);
        steps.put("altered", changed(admin, resource));
        alter(admin, resource, "cleanup.policy", "delete", AlterConfigOp.OpType.SUBTRACT);
        alter(admin, resource, "retention.ms", "", AlterConfigOp.OpType.DELETE);
        settle(admin);
        steps.put("altered back", changed(admin, resource));
        List<Object> refused = new ArrayList<>();
        refused.add(outcome(() -> alter(admin, resource, "retention.ms", "soon", AlterConfigOp.OpType.SET)));
        refused.add(outcome(() -> alter(admin, resource, "retention.ms", "1", AlterConfigOp.OpType.APPEND)));
        refused.add(outcome(() -> alter(admin, resource, "nonsense", "1", AlterConfigOp.OpType.SET)));
        ConfigResource missing = new ConfigResource(ConfigResource.Type.TOPIC, topic + "-none");
        refused.add(outcome(() -> alter(admin, missing, "retention.ms", "1", AlterConfigOp.OpType.SET)));
        refused.add(outcome(() -> admin.describeConfigs(List.of(missing)).all().get().size()));
        steps.put("refused", refused);
        return steps;
    }

    private static Object alter(Admin admin, ConfigResource resource, String key, String value, AlterConfigOp.OpType type) throws Exception {
        Collection<AlterConfigOp> operations = List.of(new AlterConfigOp(new ConfigEntry(key, value), type));
        admin.incrementalAlterConfigs(Map.of(resource, operations)).all().get();
        return null;
    }

    private static Map<String, Object> described(Admin admin, ConfigResource resource) throws Exception {
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        return configOf(admin.describeConfigs(List.of(resource), options).all().get().get(resource));
    }

    private static Map<String, Object> changed(Admin admin, ConfigResource resource) throws Exception {
        Map<String, Object> all = described(admin, resource);
        all.values().removeIf(entry -> !entry.toString().contains("DYNAMIC_TOPIC_CONFIG"));
        return all;
    }

    private static Map<String, Object> configOf(Config config) {
        Map<String, Object> entries = new TreeMap<>();
        for (ConfigEntry entry : config.entries()) {
            List<String> synonyms = new ArrayList<>();
            for (ConfigEntry.ConfigSynonym synonym : entry.synonyms()) {
                synonyms.add(synonym.name() + "=" + synonym.value() + " " + synonym.source());
            }
            // Words of documentation are everybody's own; that there are some is what counts.
            entries.put(entry.name(), map("value", entry.value(), "source", entry.source().toString(), "type", String.valueOf(entry.type()),
                "readOnly", entry.isReadOnly(), "sensitive", entry.isSensitive(), "synonyms", synonyms,
                "documented", entry.documentation() != null && !entry.documentation().isEmpty()));
        }
        return entries;
    }

    // Offsets and files.

    private Object listOffsets(Admin admin) throws Exception {
        create(admin);
        try (Producer<String, String> producer = cases.producer()) {
            for (int number = 0; number < 10; number++) {
                producer.send(new ProducerRecord<>(topic, 0, 1_000_000L + (number * 7 % 10), "k", "v")).get();
            }
        }
        Map<String, OffsetSpec> specs = new LinkedHashMap<>();
        specs.put("earliest", OffsetSpec.earliest());
        specs.put("latest", OffsetSpec.latest());
        specs.put("max timestamp", OffsetSpec.maxTimestamp());
        specs.put("earliest local", OffsetSpec.earliestLocal());
        specs.put("latest tiered", OffsetSpec.latestTiered());
        for (long time : new long[] {0, 1_000_003, 1_000_009, 1_000_010}) specs.put("time " + time, OffsetSpec.forTimestamp(time));
        Map<String, Object> found = new LinkedHashMap<>();
        for (TopicPartition partition : List.of(first, new TopicPartition(topic, 1))) {
            for (Map.Entry<String, OffsetSpec> spec : specs.entrySet()) {
                found.put(partition.partition() + " " + spec.getKey(), outcome(() -> {
                    ListOffsetsResult.ListOffsetsResultInfo info =
                        admin.listOffsets(Map.of(partition, spec.getValue())).partitionResult(partition).get();
                    return map("offset", info.offset(), "timestamp", info.timestamp(), "epoch", info.leaderEpoch().orElse(-1));
                }));
            }
        }
        return found;
    }

    private Object deleteRecords(Admin admin) throws Exception {
        create(admin);
        try (Producer<String, String> producer = cases.producer()) {
            for (int number = 0; number < 10; number++) producer.send(new ProducerRecord<>(topic, 0, "k", "v" + number));
        }
        List<Object> steps = new ArrayList<>();
        for (long before : new long[] {4, 2, 11, -1, -5}) {
            steps.add(outcome(() -> admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(before))).lowWatermarks().get(first).get()
                .lowWatermark()));
            steps.add(admin.listOffsets(Map.of(first, OffsetSpec.earliest())).partitionResult(first).get().offset());
            if (before == 4) steps.add(ClientCases.show(cases.readAll(6)).size());
        }
        return steps;
    }

    private Object logDirs(Admin admin) throws Exception {
        create(admin);
        try (Producer<String, String> producer = cases.producer()) {
            producer.send(new ProducerRecord<>(topic, 0, "k", "v")).get();
        }
        List<Object> folders = new ArrayList<>();
        for (LogDirDescription folder : admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values()) {
            Map<String, Object> replicas = new TreeMap<>();
            folder.replicaInfos().forEach((partition, info) -> {
                if (partition.topic().equals(topic)) {
                    replicas.put("" + partition.partition(), map("size", info.size(), "lag", info.offsetLag(), "future", info.isFuture()));
                }
            });
            folders.add(map("error", folder.error() == null ? null : folder.error().toString(), "replicas", replicas,
                "total", folder.totalBytes().orElse(0) > 1_000_000, "usable", folder.usableBytes().orElse(0) > 1_000_000));
        }
        return folders;
    }

    private Object producers(Admin admin) throws Exception {
        create(admin);
        List<Object> seen = new ArrayList<>();
        seen.add(admin.describeProducers(List.of(first)).partitionResult(first).get().activeProducers().size());
        try (Producer<String, String> producer = cases.producer()) {
            for (int number = 0; number < 7; number++) producer.send(new ProducerRecord<>(topic, 0, 1_000_000L + number, "k", "v")).get();
            for (ProducerState state : admin.describeProducers(List.of(first)).partitionResult(first).get().activeProducers()) {
                seen.add(map("id", state.producerId() >= 0, "epoch", state.producerEpoch(), "sequence", state.lastSequence(),
                    "timestamp", state.lastTimestamp(), "coordinator", state.coordinatorEpoch().orElse(-9),
                    "transaction", state.currentTransactionStartOffset().orElse(-9)));
            }
        }
        return seen;
    }

    private Object cluster(Admin admin) throws Exception {
        DescribeClusterResult cluster = admin.describeCluster();
        QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get();
        List<Object> voters = new ArrayList<>();
        for (QuorumInfo.ReplicaState voter : quorum.voters()) {
            voters.add(map("id", voter.replicaId(), "end", voter.logEndOffset() >= quorum.highWatermark(), "fetched", voter.lastFetchTimestamp().isPresent()));
        }
        return map("id", cluster.clusterId().get().length(), "nodes", cluster.nodes().get().toString().replaceAll(":\\d+", ":PORT"),
            "controller", cluster.controller().get().id(), "operations", cluster.authorizedOperations().get() == null,
            "quorum leader", quorum.leaderId(), "voters", voters, "observers", quorum.observers().size());
    }

    // Groups.

    private Object groupAdmin(Admin admin) throws Exception {
        create(admin);
        cases.produce(10);
        String group = topic + "-group";
        TopicPartition second = new TopicPartition(topic, 1);
        Map<String, Object> steps = new LinkedHashMap<>();
        Consumer<String, String> consumer = cases.consumer("group.id", group, "client.id", "member");
        consumer.subscribe(List.of(topic));
        cases.read(consumer, 10);
        consumer.commitSync();
        steps.put("live", describeGroup(admin, group));
        steps.put("refused", List.of(
            outcome(() -> admin.deleteConsumerGroups(List.of(group)).all().get()),
            outcome(() -> admin.deleteConsumerGroupOffsets(group, Set.of(first)).partitionResult(first).get()),
            outcome(() -> admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(0))).partitionResult(first).get())));
        steps.put("offsets", offsets(admin, group));
        outcome(() -> admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all().get());
        steps.put("removed", describeGroup(admin, group));
        consumer.unsubscribe();
        consumer.close();
        admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(3, "moved"), second, new OffsetAndMetadata(1))).all().get();
        steps.put("altered", offsets(admin, group));
        admin.deleteConsumerGroupOffsets(group, Set.of(first)).all().get();
        steps.put("forgotten", offsets(admin, group));
        steps.put("listed", listed(admin, group));
        admin.deleteConsumerGroups(List.of(group)).all().get();
        steps.put("listed after", listed(admin, group));
        steps.put("missing", List.of(
            outcome(() -> admin.deleteConsumerGroups(List.of(group)).all().get()),
            outcome(() -> describeGroup(admin, group)),
            outcome(() -> offsets(admin, group))));
        return steps;
    }

    @SuppressWarnings({"deprecation", "removal"})
    private static Object listed(Admin admin, String group) throws Exception {
        List<Object> found = new ArrayList<>();
        admin.listConsumerGroups().all().get().forEach(listing -> {
            if (listing.groupId().equals(group)) {
                found.add(map("simple", listing.isSimpleConsumerGroup(), "state", listing.state().map(Object::toString).orElse(""),
                    "type", listing.type().map(Object::toString).orElse("")));
            }
        });
        return found;
    }

    @SuppressWarnings({"deprecation", "removal"})
    private static Object describeGroup(Admin admin, String group) throws Exception {
        ConsumerGroupDescription description = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        List<Object> members = new ArrayList<>();
        for (MemberDescription member : description.members()) {
            members.add(map("client", member.clientId(), "host", member.host(), "instance", member.groupInstanceId().orElse(""),
                "assigned", ClientCases.numbers(member.assignment().topicPartitions()), "id", member.consumerId().startsWith("member-")));
        }
        return map("state", description.state().toString(), "assignor", description.partitionAssignor(), "simple", description.isSimpleConsumerGroup(),
            "coordinator", description.coordinator().id(), "members", members);
    }

    private Object offsets(Admin admin, String group) throws Exception {
        Map<String, Object> shown = new TreeMap<>();
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((partition, offset) ->
            shown.put("" + partition.partition(), offset == null ? null : map("offset", offset.offset(), "metadata", offset.metadata())));
        return shown;
    }
}
