package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var franzCases = map[string]caseFunc{
	"produce": franzProduce, "consume": franzConsume, "group": franzGroup, "commit": franzCommit, "times": franzTimes,
	"admin": franzAdmin, "groups": franzGroups, "delete_records": franzDeleteRecords,
}

var franzCodecs = map[string]kgo.CompressionCodec{
	"": kgo.NoCompression(), "none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func franzClient(bootstrap string, options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.MetadataMinAge(100 * time.Millisecond)}, options...)...)
}

func bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), waitLimit)
}

func franzProduce(bootstrap, topic string, args arguments) (result, error) {
	options := []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(50 * time.Millisecond),
		kgo.ProducerBatchCompression(franzCodecs[args.Codec]),
	}
	if !args.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client, err := franzClient(bootstrap, options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := bounded()
	defer cancel()
	var records []*kgo.Record
	for _, r := range args.Records {
		sent := &kgo.Record{Topic: topic, Partition: r.Partition, Key: r.Key, Value: r.Value}
		if r.Timestamp != nil {
			sent.Timestamp = time.UnixMilli(*r.Timestamp)
		}
		for _, h := range r.Headers {
			sent.Headers = append(sent.Headers, kgo.RecordHeader{Key: h.name, Value: h.value})
		}
		records = append(records, sent)
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return nil, err
	}
	offsets := []position{}
	for _, r := range records {
		offsets = append(offsets, position{r.Partition, r.Offset})
	}
	return result{"offsets": offsets}, nil
}

func franzRead(bootstrap, topic string, starts map[int32]int64, count int) ([]record, error) {
	at := map[int32]kgo.Offset{}
	for partition, offset := range starts {
		at[partition] = kgo.NewOffset().At(offset)
	}
	client, err := franzClient(bootstrap, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: at}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := bounded()
	defer cancel()
	var records []record
	for len(records) < count {
		fetches := client.PollRecords(ctx, count-len(records))
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("after %d of %d records: %w", len(records), count, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { records = append(records, franzRecord(r)) })
	}
	return records, nil
}

func franzRecord(r *kgo.Record) record {
	stamp, headers := r.Timestamp.UnixMilli(), []header{}
	for _, h := range r.Headers {
		headers = append(headers, header{h.Key, h.Value})
	}
	return record{r.Partition, r.Offset, &stamp, r.Key, r.Value, headers}
}

func franzConsume(bootstrap, topic string, args arguments) (result, error) {
	starts, err := args.starts()
	if err != nil {
		return nil, err
	}
	records, err := franzRead(bootstrap, topic, starts, args.Count)
	return result{"records": records}, err
}

// A group member with franz-go's own default, the cooperative sticky protocol.
type franzMember struct {
	client *kgo.Client
	cancel context.CancelFunc
	done   chan struct{}

	mutex sync.Mutex
	owned []int32
	read  []string
	err   error
}

func franzJoin(bootstrap, topic, group string) (member, error) {
	m := &franzMember{done: make(chan struct{})}
	gone := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.owned = slices.DeleteFunc(m.owned, func(p int32) bool { return slices.Contains(parts[topic], p) })
	}
	came := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.owned = append(m.owned, parts[topic]...)
	}
	client, err := franzClient(bootstrap, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(10*time.Second),
		kgo.HeartbeatInterval(500*time.Millisecond), kgo.OnPartitionsAssigned(came), kgo.OnPartitionsRevoked(gone),
		kgo.OnPartitionsLost(gone))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.client, m.cancel = client, cancel
	go m.run(ctx)
	return m, nil
}

func (m *franzMember) run(ctx context.Context) {
	defer close(m.done)
	for {
		fetches := m.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return
		}
		err := fetches.Err()
		if err == nil && !fetches.Empty() {
			err = m.client.CommitRecords(ctx, fetches.Records()...)
			// A rebalance between reading and committing: the next owner reads these records again.
			if errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.IllegalGeneration) || ctx.Err() != nil {
				err = nil
			}
		}
		m.mutex.Lock()
		m.err = errors.Join(m.err, err)
		fetches.EachRecord(func(r *kgo.Record) { m.read = append(m.read, string(r.Value)) })
		m.mutex.Unlock()
	}
}

func (m *franzMember) assignment() []int32 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]int32{}, m.owned...)
}

func (m *franzMember) values() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]string{}, m.read...)
}

func (m *franzMember) failure() error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.err
}

func (m *franzMember) stop() error {
	m.cancel()
	<-m.done
	m.client.Close()
	return m.failure()
}

func franzGroup(bootstrap, topic string, args arguments) (result, error) {
	late := func(total int) error {
		_, err := franzProduce(bootstrap, topic, arguments{Records: lateRecords(total)})
		return err
	}
	return groupOfTwo(func() (member, error) { return franzJoin(bootstrap, topic, args.Group) }, late, args)
}

func franzCommit(bootstrap, topic string, args arguments) (result, error) {
	client, err := franzClient(bootstrap, kgo.ConsumerGroup(args.Group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := bounded()
	defer cancel()
	values, last := []string{}, (*kgo.Record)(nil)
	for len(values) < args.Count {
		fetches := client.PollRecords(ctx, args.Count-len(values))
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("after %v: %w", values, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values, last = append(values, string(r.Value)), r })
	}
	if err := client.CommitRecords(ctx, last); err != nil {
		return nil, err
	}
	committed, err := kadm.NewClient(client).FetchOffsets(ctx, args.Group)
	if err != nil {
		return nil, err
	}
	offset, _ := committed.Lookup(topic, 0)
	return result{"values": values, "committed": offset.At}, offset.Err
}

func franzTimes(bootstrap, topic string, args arguments) (result, error) {
	client, err := franzClient(bootstrap)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ctx, cancel := bounded()
	defer cancel()
	offsets := []*int64{}
	for _, stamp := range args.Timestamps {
		found, err := franzOffset(admin.ListOffsetsAfterMilli(ctx, stamp, topic))(topic)
		if err != nil {
			return nil, err
		}
		// kadm answers with the end of the partition when the broker knows no offset; the timestamp tells the two apart.
		if found.Timestamp < 0 {
			found.Offset = -1
		}
		offsets = append(offsets, orNull(found.Offset))
	}
	low, err := franzOffset(admin.ListStartOffsets(ctx, topic))(topic)
	if err != nil {
		return nil, err
	}
	high, err := franzOffset(admin.ListEndOffsets(ctx, topic))(topic)
	if err != nil {
		return nil, err
	}
	first, err := franzReadAfter(bootstrap, topic, args.Timestamps[0])
	return result{"offsets": offsets, "earliest": low.Offset, "latest": high.Offset, "first": first}, err
}

func franzOffset(listed kadm.ListedOffsets, err error) func(topic string) (kadm.ListedOffset, error) {
	return func(topic string) (kadm.ListedOffset, error) {
		if err != nil {
			return kadm.ListedOffset{}, err
		}
		offset, known := listed.Lookup(topic, 0)
		if !known {
			return offset, fmt.Errorf("no offset of %s-0 in %v", topic, listed)
		}
		return offset, offset.Err
	}
}

// The first record that a consumer placed at a time reads.
func franzReadAfter(bootstrap, topic string, stamp int64) (packed, error) {
	at := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AfterMilli(stamp)}}
	client, err := franzClient(bootstrap, kgo.ConsumePartitions(at))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := bounded()
	defer cancel()
	fetches := client.PollRecords(ctx, 1)
	if err := fetches.Err(); err != nil {
		return nil, err
	}
	return fetches.Records()[0].Value, nil
}

func franzPartitions(ctx context.Context, admin *kadm.Client, topic string) (int, error) {
	listed, err := admin.ListTopics(ctx)
	if err != nil || !listed.Has(topic) {
		return 0, err
	}
	return len(listed[topic].Partitions), nil
}

func franzConfigs(ctx context.Context, admin *kadm.Client, topic string) (map[string]*string, error) {
	described, err := admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return nil, err
	}
	resource, err := described.On(topic, nil)
	if err != nil {
		return nil, err
	}
	configs := map[string]*string{}
	for _, config := range resource.Configs {
		configs[config.Key] = config.Value
	}
	return configs, resource.Err
}

// True when every wanted value is there.
func includes(configs, wanted map[string]*string) bool {
	for name, value := range wanted {
		if configs[name] == nil || *configs[name] != *value {
			return false
		}
	}
	return true
}

func franzAdmin(bootstrap, topic string, args arguments) (result, error) {
	client, err := franzClient(bootstrap)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ctx, cancel := bounded()
	defer cancel()
	partitions := func() (int, error) { return franzPartitions(ctx, admin, topic) }
	configs := func() (map[string]*string, error) { return franzConfigs(ctx, admin, topic) }

	if _, err := admin.CreateTopic(ctx, 2, 1, args.Configs, topic); err != nil {
		return nil, err
	}
	made, err := until("the topic in the list", partitions, func(n int) bool { return n == 2 })
	if err != nil {
		return nil, err
	}
	var refusal *kerr.Error
	if _, err := admin.CreateTopic(ctx, 2, 1, nil, topic); !errors.As(err, &refusal) {
		return nil, fmt.Errorf("creating a topic twice answered %v", err)
	}
	before, err := configs()
	if err != nil {
		return nil, err
	}
	var changes []kadm.AlterConfig
	for name, value := range args.Alter {
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: value})
	}
	altered, err := admin.AlterTopicConfigs(ctx, changes, topic)
	if err != nil {
		return nil, err
	}
	if _, err := altered.On(topic, func(r *kadm.AlterConfigsResponse) error { return r.Err }); err != nil {
		return nil, err
	}
	after, err := until("the altered config", configs, func(c map[string]*string) bool { return includes(c, args.Alter) })
	if err != nil {
		return nil, err
	}
	updated, err := admin.UpdatePartitions(ctx, 4, topic)
	if err != nil || updated.Error() != nil {
		return nil, errors.Join(err, updated.Error())
	}
	grown, err := until("four partitions", partitions, func(n int) bool { return n == 4 })
	if err != nil {
		return nil, err
	}
	if _, err := admin.DeleteTopic(ctx, topic); err != nil {
		return nil, err
	}
	_, err = until("the topic to go", partitions, func(n int) bool { return n == 0 })
	return result{"partitions": made, "duplicate": refusal.Code, "before": before, "after": after, "grown": grown, "deleted": err == nil}, err
}

func franzGroups(bootstrap, topic string, args arguments) (result, error) {
	client, err := franzClient(bootstrap)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ctx, cancel := bounded()
	defer cancel()
	joined, err := franzJoin(bootstrap, topic, args.Group)
	if err != nil {
		return nil, err
	}
	committed := func() (int64, error) {
		if err := joined.failure(); err != nil {
			return 0, err
		}
		offsets, err := admin.FetchOffsets(ctx, args.Group)
		offset, _ := offsets.Lookup(topic, 0)
		return offset.At, err
	}
	described := func() (kadm.DescribedGroup, error) {
		groups, err := admin.DescribeGroups(ctx, args.Group)
		if err != nil {
			return kadm.DescribedGroup{}, err
		}
		return groups[args.Group], groups[args.Group].Err
	}
	offset, err := until("the member's commit", committed, func(seen int64) bool { return seen == int64(args.Count) })
	if err != nil {
		return nil, err
	}
	whole, err := until("a stable group", described, func(g kadm.DescribedGroup) bool { return g.State == "Stable" })
	if err != nil {
		return nil, err
	}
	listed, err := admin.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	assigned := whole.AssignedPartitions()[topic]
	parts := []int32{}
	for partition := range assigned {
		parts = append(parts, partition)
	}
	slices.Sort(parts)
	if err := joined.stop(); err != nil {
		return nil, err
	}
	empty, err := until("an empty group", described, func(g kadm.DescribedGroup) bool { return g.State == "Empty" })
	if err != nil {
		return nil, err
	}
	if _, err := admin.DeleteGroup(ctx, args.Group); err != nil {
		return nil, err
	}
	left, err := admin.ListGroups(ctx)
	_, still := left[args.Group]
	return result{
		"listed": strings.ToLower(listed[args.Group].State), "protocol_type": listed[args.Group].ProtocolType,
		"state": strings.ToLower(whole.State), "members": len(whole.Members), "assigned": parts, "committed": offset,
		"after_leave": strings.ToLower(empty.State), "deleted": !still,
	}, err
}

func franzDeleteRecords(bootstrap, topic string, args arguments) (result, error) {
	client, err := franzClient(bootstrap)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ctx, cancel := bounded()
	defer cancel()
	upto := kadm.Offsets{}
	upto.AddOffset(topic, 0, args.Offset, -1)
	answers, err := admin.DeleteRecords(ctx, upto)
	if err != nil {
		return nil, err
	}
	answer, _ := answers.Lookup(topic, 0)
	if answer.Err != nil {
		return nil, answer.Err
	}
	earliest, err := franzOffset(admin.ListStartOffsets(ctx, topic))(topic)
	if err != nil {
		return nil, err
	}
	records, err := franzRead(bootstrap, topic, map[int32]int64{0: -2}, 1)
	if err != nil {
		return nil, err
	}
	return result{"low": answer.LowWatermark, "earliest": earliest.Offset, "first": records[0].Value}, nil
}
