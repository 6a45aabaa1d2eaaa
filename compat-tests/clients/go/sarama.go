package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

var saramaCases = map[string]caseFunc{
	"produce": saramaProduce, "consume": saramaConsume, "group": saramaGroup, "commit": saramaCommit, "times": saramaTimes,
	"admin": saramaAdmin, "groups": saramaGroups, "delete_records": saramaDeleteRecords,
}

var saramaCodecs = map[string]sarama.CompressionCodec{
	"": sarama.CompressionNone, "none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Flush.Frequency = 50 * time.Millisecond
	config.Consumer.MaxWaitTime = 100 * time.Millisecond
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Session.Timeout = 10 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	return config
}

// A nil encoder is what makes a null; an empty one is an empty value.
func saramaBytes(data packed) sarama.Encoder {
	if data == nil {
		return nil
	}
	return sarama.ByteEncoder(data)
}

func saramaProduce(bootstrap, topic string, args arguments) (result, error) {
	config := saramaConfig()
	config.Producer.Compression = saramaCodecs[args.Codec]
	if args.Idempotent {
		config.Producer.Idempotent = true
		config.Net.MaxOpenRequests = 1
	}
	producer, err := sarama.NewSyncProducer([]string{bootstrap}, config)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	var messages []*sarama.ProducerMessage
	for _, r := range args.Records {
		message := &sarama.ProducerMessage{Topic: topic, Partition: r.Partition, Key: saramaBytes(r.Key), Value: saramaBytes(r.Value)}
		if r.Timestamp != nil {
			message.Timestamp = time.UnixMilli(*r.Timestamp)
		}
		for _, h := range r.Headers {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(h.name), Value: h.value})
		}
		messages = append(messages, message)
	}
	if err := producer.SendMessages(messages); err != nil {
		return nil, err
	}
	offsets := []position{}
	for _, m := range messages {
		offsets = append(offsets, position{m.Partition, m.Offset})
	}
	return result{"offsets": offsets}, nil
}

func saramaRead(bootstrap, topic string, starts map[int32]int64, count int) ([]record, error) {
	consumer, err := sarama.NewConsumer([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	messages := make(chan *sarama.ConsumerMessage)
	stop := make(chan struct{})
	defer close(stop)
	for partition, offset := range starts {
		reader, err := consumer.ConsumePartition(topic, partition, offset)
		if err != nil {
			return nil, err
		}
		defer reader.AsyncClose()
		go forward(reader.Messages(), messages, stop)
	}
	late := time.After(waitLimit)
	var records []record
	for len(records) < count {
		select {
		case m := <-messages:
			records = append(records, saramaRecord(m))
		case <-late:
			return nil, fmt.Errorf("gave up waiting for %d records after %d", count, len(records))
		}
	}
	return records, nil
}

func forward(from <-chan *sarama.ConsumerMessage, to chan<- *sarama.ConsumerMessage, stop <-chan struct{}) {
	for m := range from {
		select {
		case to <- m:
		case <-stop:
			return
		}
	}
}

func saramaRecord(m *sarama.ConsumerMessage) record {
	stamp, headers := m.Timestamp.UnixMilli(), []header{}
	for _, h := range m.Headers {
		headers = append(headers, header{string(h.Key), h.Value})
	}
	return record{m.Partition, m.Offset, &stamp, m.Key, m.Value, headers}
}

func saramaConsume(bootstrap, topic string, args arguments) (result, error) {
	starts, err := args.starts()
	if err != nil {
		return nil, err
	}
	records, err := saramaRead(bootstrap, topic, starts, args.Count)
	return result{"records": records}, err
}

// A group member with sarama's own default, the range strategy. A limit of n ends it after n records.
type saramaMember struct {
	group  sarama.ConsumerGroup
	cancel context.CancelFunc
	done   chan struct{}
	limit  int

	mutex sync.Mutex
	owned []int32
	read  []string
	err   error
}

func saramaJoin(bootstrap, topic, group string, limit int) (*saramaMember, error) {
	joined, err := sarama.NewConsumerGroup([]string{bootstrap}, group, saramaConfig())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &saramaMember{group: joined, cancel: cancel, done: make(chan struct{}), limit: limit}
	go m.run(ctx, topic)
	return m, nil
}

// One Consume call lasts for one generation of the group.
func (m *saramaMember) run(ctx context.Context, topic string) {
	defer close(m.done)
	for ctx.Err() == nil {
		if err := m.group.Consume(ctx, []string{topic}, m); err != nil && ctx.Err() == nil {
			m.mutex.Lock()
			m.err = err
			m.mutex.Unlock()
			return
		}
	}
}

func (m *saramaMember) Setup(session sarama.ConsumerGroupSession) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.owned = nil
	for _, partitions := range session.Claims() {
		m.owned = append(m.owned, partitions...)
	}
	return nil
}

func (m *saramaMember) Cleanup(sarama.ConsumerGroupSession) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.owned = nil
	return nil
}

func (m *saramaMember) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		m.mutex.Lock()
		full := m.limit > 0 && len(m.read) >= m.limit
		if !full {
			m.read = append(m.read, string(message.Value))
		}
		m.mutex.Unlock()
		if full {
			return nil
		}
		session.MarkMessage(message, "")
		session.Commit()
	}
	return nil
}

func (m *saramaMember) assignment() []int32 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]int32{}, m.owned...)
}

func (m *saramaMember) values() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]string{}, m.read...)
}

func (m *saramaMember) failure() error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.err
}

func (m *saramaMember) stop() error {
	m.cancel()
	<-m.done
	return errors.Join(m.group.Close(), m.failure())
}

func saramaGroup(bootstrap, topic string, args arguments) (result, error) {
	late := func(total int) error {
		_, err := saramaProduce(bootstrap, topic, arguments{Records: lateRecords(total)})
		return err
	}
	return groupOfTwo(func() (member, error) { return saramaJoin(bootstrap, topic, args.Group, 0) }, late, args)
}

func saramaCommitted(admin sarama.ClusterAdmin, group, topic string) (int64, error) {
	answer, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
	if err != nil {
		return 0, err
	}
	block := answer.GetBlock(topic, 0)
	if block == nil {
		return 0, fmt.Errorf("no committed offset of %s-0 in the answer", topic)
	}
	if block.Err != sarama.ErrNoError {
		return 0, block.Err
	}
	return block.Offset, nil
}

func saramaCommit(bootstrap, topic string, args arguments) (result, error) {
	m, err := saramaJoin(bootstrap, topic, args.Group, args.Count)
	if err != nil {
		return nil, err
	}
	values, err := until("the records of the group", func() ([]string, error) { return m.values(), m.failure() },
		func(seen []string) bool { return len(seen) >= args.Count })
	if err != nil {
		return nil, err
	}
	if err := m.stop(); err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	committed, err := saramaCommitted(admin, args.Group, topic)
	return result{"values": values, "committed": committed}, err
}

func saramaTimes(bootstrap, topic string, args arguments) (result, error) {
	client, err := sarama.NewClient([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	offsets := []*int64{}
	for _, stamp := range args.Timestamps {
		offset, err := client.GetOffset(topic, 0, stamp)
		if err != nil {
			return nil, err
		}
		offsets = append(offsets, orNull(offset))
	}
	low, err := client.GetOffset(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	high, err := client.GetOffset(topic, 0, sarama.OffsetNewest)
	if err != nil {
		return nil, err
	}
	if offsets[0] == nil {
		return nil, fmt.Errorf("no offset for the time %d", args.Timestamps[0])
	}
	records, err := saramaRead(bootstrap, topic, map[int32]int64{0: *offsets[0]}, 1)
	if err != nil {
		return nil, err
	}
	return result{"offsets": offsets, "earliest": low, "latest": high, "first": records[0].Value}, nil
}

func saramaPartitions(admin sarama.ClusterAdmin, topic string) (int, error) {
	listed, err := admin.ListTopics()
	if err != nil {
		return 0, err
	}
	return int(listed[topic].NumPartitions), nil
}

func saramaConfigs(admin sarama.ClusterAdmin, topic string) (map[string]*string, error) {
	entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: topic})
	if err != nil {
		return nil, err
	}
	configs := map[string]*string{}
	for _, entry := range entries {
		configs[entry.Name] = &entry.Value
	}
	return configs, nil
}

func saramaAdmin(bootstrap, topic string, args arguments) (result, error) {
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	partitions := func() (int, error) { return saramaPartitions(admin, topic) }
	configs := func() (map[string]*string, error) { return saramaConfigs(admin, topic) }

	detail := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: args.Configs}
	if err := admin.CreateTopic(topic, detail, false); err != nil {
		return nil, err
	}
	made, err := until("the topic in the list", partitions, func(n int) bool { return n == 2 })
	if err != nil {
		return nil, err
	}
	var refusal *sarama.TopicError
	if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false); !errors.As(err, &refusal) {
		return nil, fmt.Errorf("creating a topic twice answered %v", err)
	}
	before, err := configs()
	if err != nil {
		return nil, err
	}
	changes := map[string]sarama.IncrementalAlterConfigsEntry{}
	for name, value := range args.Alter {
		changes[name] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: value}
	}
	if err := admin.IncrementalAlterConfig(sarama.TopicResource, topic, changes, false); err != nil {
		return nil, err
	}
	after, err := until("the altered config", configs, func(c map[string]*string) bool { return includes(c, args.Alter) })
	if err != nil {
		return nil, err
	}
	if err := admin.CreatePartitions(topic, 4, nil, false); err != nil {
		return nil, err
	}
	grown, err := until("four partitions", partitions, func(n int) bool { return n == 4 })
	if err != nil {
		return nil, err
	}
	if err := admin.DeleteTopic(topic); err != nil {
		return nil, err
	}
	_, err = until("the topic to go", partitions, func(n int) bool { return n == 0 })
	return result{
		"partitions": made, "duplicate": int(refusal.Err), "before": before, "after": after, "grown": grown, "deleted": err == nil,
	}, err
}

func saramaDescribed(admin sarama.ClusterAdmin, group string) (*sarama.GroupDescription, error) {
	found, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0].Err != sarama.ErrNoError {
		return nil, fmt.Errorf("describing %s answered %v", group, found)
	}
	return found[0], nil
}

func saramaAssigned(group *sarama.GroupDescription, topic string) ([]int32, error) {
	parts := []int32{}
	for _, m := range group.Members {
		assignment, err := m.GetMemberAssignment()
		if err != nil {
			return nil, err
		}
		parts = append(parts, assignment.Topics[topic]...)
	}
	slices.Sort(parts)
	return parts, nil
}

func saramaGroups(bootstrap, topic string, args arguments) (result, error) {
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := saramaJoin(bootstrap, topic, args.Group, 0)
	if err != nil {
		return nil, err
	}
	_, err = until("the member to read", func() ([]string, error) { return m.values(), m.failure() },
		func(seen []string) bool { return len(seen) >= args.Count })
	if err != nil {
		return nil, err
	}
	offset, err := until("the member's commit", func() (int64, error) { return saramaCommitted(admin, args.Group, topic) },
		func(seen int64) bool { return seen == int64(args.Count) })
	if err != nil {
		return nil, err
	}
	described := func() (*sarama.GroupDescription, error) { return saramaDescribed(admin, args.Group) }
	whole, err := until("a stable group", described, func(g *sarama.GroupDescription) bool { return g.State == "Stable" })
	if err != nil {
		return nil, err
	}
	assigned, err := saramaAssigned(whole, topic)
	if err != nil {
		return nil, err
	}
	listed, err := admin.ListConsumerGroups()
	if err != nil {
		return nil, err
	}
	if err := m.stop(); err != nil {
		return nil, err
	}
	empty, err := until("an empty group", described, func(g *sarama.GroupDescription) bool { return g.State == "Empty" })
	if err != nil {
		return nil, err
	}
	if err := admin.DeleteConsumerGroup(args.Group); err != nil {
		return nil, err
	}
	left, err := admin.ListConsumerGroups()
	_, still := left[args.Group]
	return result{
		"protocol_type": listed[args.Group], "state": strings.ToLower(whole.State), "members": len(whole.Members), "assigned": assigned,
		"committed": offset, "after_leave": strings.ToLower(empty.State), "deleted": !still,
	}, err
}

func saramaDeleteRecords(bootstrap, topic string, args arguments) (result, error) {
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	if err := admin.DeleteRecords(topic, map[int32]int64{0: args.Offset}); err != nil {
		return nil, err
	}
	client, err := sarama.NewClient([]string{bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	earliest, err := client.GetOffset(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	records, err := saramaRead(bootstrap, topic, map[int32]int64{0: sarama.OffsetOldest}, 1)
	if err != nil {
		return nil, err
	}
	return result{"earliest": earliest, "first": records[0].Value}, nil
}
