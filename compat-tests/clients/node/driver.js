'use strict'

// kafkajs: a client in plain JavaScript. It reads in groups only and keeps headers in an object, so equal names travel as a list.

const { AssignerProtocol, ConfigResourceTypes, Kafka, Partitioners, logLevel } = require('kafkajs')
const codecs = require('./codecs')
const { WAIT_MS, pack, unpack, until, groupOfTwo, main } = require('./contract')

const connect = bootstrap => new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING, requestTimeout: WAIT_MS })

async function withAdmin(bootstrap, work) {
  const admin = connect(bootstrap).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

function headersIn(pairs) {
  const headers = {}
  for (const [name, value] of pairs || []) {
    const known = name in headers
    headers[name] = known ? [].concat(headers[name], [unpack(value)]) : unpack(value)
  }
  return headers
}

const headersOut = headers =>
  Object.entries(headers || {}).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(one => [name, pack(one)]))

async function produce(bootstrap, topic, args) {
  const producer = connect(bootstrap).producer({ idempotent: args.idempotent === true, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    const messages = args.records.map(record => ({
      partition: record.partition,
      key: unpack(record.key),
      value: unpack(record.value),
      headers: headersIn(record.headers),
      ...(record.timestamp ? { timestamp: String(record.timestamp) } : {}),
    }))
    const answers = await producer.send({ topic, acks: -1, compression: codecs[args.codec || 'none'], messages })
    // kafkajs hands on one base offset for each partition; the records follow from there.
    const next = new Map(answers.map(answer => [answer.partition, Number(answer.baseOffset)]))
    const offsets = messages.map(({ partition }) => {
      const offset = next.get(partition)
      next.set(partition, offset + 1)
      return { partition, offset }
    })
    return { offsets }
  } finally {
    await producer.disconnect()
  }
}

/** A member of a group. `onMessage(partition, message)` is called for every record; offsets are committed after each batch. */
async function join(bootstrap, topic, groupId, { onMessage = () => {}, autoCommit = true } = {}) {
  const consumer = connect(bootstrap).consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 100 })
  const member = { consumer, owned: [], values: [], failure: null, stop: () => consumer.disconnect() }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => { member.owned = payload.memberAssignment[topic] || [] })
  consumer.on(consumer.events.REBALANCING, () => { member.owned = [] })
  consumer.on(consumer.events.CRASH, ({ payload }) => { member.failure = payload.error })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const eachMessage = async ({ partition, message }) => {
    member.values.push(message.value === null ? null : message.value.toString())
    onMessage(partition, message)
  }
  await consumer.run({ autoCommit, eachMessage })
  return member
}

/** Reads through a group made for this one call, placed by seek. What arrives before the seek took hold is left out. */
async function read(bootstrap, topic, starts, count) {
  const records = new Map()
  const onMessage = (partition, message) => {
    const offset = Number(message.offset)
    if (offset < starts[partition]) return
    records.set(`${partition}-${offset}`, {
      partition,
      offset,
      timestamp: Number(message.timestamp),
      key: pack(message.key),
      value: pack(message.value),
      headers: headersOut(message.headers),
    })
  }
  const member = await join(bootstrap, topic, `read-${topic}-${process.pid}`, { onMessage, autoCommit: false })
  for (const [partition, offset] of Object.entries(starts)) {
    if (offset > 0) member.consumer.seek({ topic, partition: Number(partition), offset: String(offset) })
  }
  await until(`${count} records`, () => {
    if (member.failure) throw member.failure
    return records.size
  }, size => size >= count)
  await member.stop()
  return [...records.values()].slice(0, count)
}

const consume = async (bootstrap, topic, args) => ({ records: await read(bootstrap, topic, args.partitions, args.count) })

function group(bootstrap, topic, args) {
  const produceLate = total => produce(bootstrap, topic, {
    records: [...Array(total).keys()].map(partition => ({ partition, key: null, value: pack(`late-${partition}`) })),
  })
  return groupOfTwo(() => join(bootstrap, topic, args.group), produceLate, args)
}

async function committedOffset(admin, groupId, topic) {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return Number(found.partitions.find(({ partition }) => partition === 0).offset)
}

async function commit(bootstrap, topic, args) {
  const member = await join(bootstrap, topic, args.group, { autoCommit: false })
  await until(`${args.count} records of the group`, () => {
    if (member.failure) throw member.failure
    return member.values.length
  }, length => length >= args.count)
  const values = member.values.slice(0, args.count)
  const start = await withAdmin(bootstrap, admin => committedOffset(admin, args.group, topic))
  await member.consumer.commitOffsets([{ topic, partition: 0, offset: String(Math.max(0, start) + args.count) }])
  await member.stop()
  return { values, committed: await withAdmin(bootstrap, admin => committedOffset(admin, args.group, topic)) }
}

async function times(bootstrap, topic, args) {
  const result = await withAdmin(bootstrap, async admin => {
    const offsets = []
    for (const timestamp of args.timestamps) {
      const [found] = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp)
      offsets.push(Number(found.offset))
    }
    const [bounds] = await admin.fetchTopicOffsets(topic)
    return { offsets, earliest: Number(bounds.low), latest: Number(bounds.high) }
  })
  const [first] = await read(bootstrap, topic, { 0: result.offsets[0] }, 1)
  return { ...result, first: first.value }
}

async function configsOf(admin, topic) {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] })
  return Object.fromEntries(resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue]))
}

async function partitionsOf(admin, topic) {
  if (!(await admin.listTopics()).includes(topic)) return 0
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics[0].partitions.length
}

const entries = configs => Object.entries(configs).map(([name, value]) => ({ name, value }))

const admin = (bootstrap, topic, args) => withAdmin(bootstrap, async client => {
  const partitions = () => partitionsOf(client, topic)
  await client.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 1, configEntries: entries(args.configs) }] })
  const made = await until('the topic in the list', partitions, count => count === 2)
  // kafkajs answers false for TOPIC_ALREADY_EXISTS, and throws every other refusal.
  const again = await client.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 1 }] })
  const before = await configsOf(client, topic)
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: entries(args.alter) }]
  await client.alterConfigs({ validateOnly: false, resources })
  const after = await until('the altered config', () => configsOf(client, topic), configs =>
    Object.entries(args.alter).every(([name, value]) => configs[name] === value))
  await client.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
  const grown = await until('four partitions', partitions, count => count === 4)
  await client.deleteTopics({ topics: [topic] })
  const left = await until('the topic to go', async () => (await client.listTopics()).includes(topic), listed => !listed)
  return { partitions: made, duplicate: again ? 0 : 36, before, after, grown, deleted: !left }
})

const groups = (bootstrap, topic, args) => withAdmin(bootstrap, async client => {
  const member = await join(bootstrap, topic, args.group)
  const described = async () => (await client.describeGroups([args.group])).groups[0]
  const listed = async () => (await client.listGroups()).groups.find(({ groupId }) => groupId === args.group)
  const committed = await until("the member's commit", () => {
    if (member.failure) throw member.failure
    return committedOffset(client, args.group, topic)
  }, offset => offset === args.count)
  const whole = await until('a stable group', described, ({ state }) => state === 'Stable')
  const inList = await listed()
  await member.stop()
  const empty = await until('an empty group', described, ({ state }) => state === 'Empty')
  await client.deleteGroups([args.group])
  return {
    protocol_type: inList.protocolType,
    state: whole.state.toLowerCase(),
    members: whole.members.length,
    assigned: whole.members.flatMap(({ memberAssignment }) => AssignerProtocol.MemberAssignment.decode(memberAssignment).assignment[topic]).sort(),
    committed,
    after_leave: empty.state.toLowerCase(),
    deleted: (await listed()) === undefined,
  }
})

async function deleteRecords(bootstrap, topic, args) {
  const earliest = await withAdmin(bootstrap, async client => {
    // kafkajs loads the topic's metadata only in calls like this one, and deleteTopicRecords needs it.
    await client.fetchTopicOffsets(topic)
    await client.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(args.offset) }] })
    return Number((await client.fetchTopicOffsets(topic))[0].low)
  })
  const [first] = await read(bootstrap, topic, { 0: -2 }, 1)
  return { earliest, first: first.value }
}

main({ produce, consume, group, commit, times, admin, groups, delete_records: deleteRecords }).catch(failure => {
  process.stderr.write(`${failure.stack}\n`)
  process.exit(1)
})
