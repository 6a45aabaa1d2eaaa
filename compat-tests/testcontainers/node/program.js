'use strict'

// Starts klamm with Testcontainers for Node, as a test of somebody's application would, and uses it with kafkajs.
//
// Called as program.js MODULE IMAGE RUNS; prints one line of JSON: what each run saw, and how long its steps took.

const { spawnSync } = require('node:child_process')
const { Kafka, logLevel } = require('kafkajs')
const { KafkaContainer } = require('@testcontainers/kafka')
const { Network, Wait, getContainerRuntimeClient } = require('testcontainers')

const TOPIC = 'orders'
const PARTITIONS = 3
const COUNT = 10
// Ends a hopeless wait. Nothing here is expected to come near it.
const LIMIT_MS = 60_000

const since = start => Math.round((performance.now() - start) * 10) / 10

/** The container as a user of the module writes it: the image's tag decides between KRaft and an embedded ZooKeeper. */
const MODULES = {
  'by-tag': image => new KafkaContainer(image),
  kraft: image => new KafkaContainer(image).withKraft(),
  network: (image, network) => new KafkaContainer(image).withNetwork(network).withNetworkAliases('kafka'),
  listening: image => new KafkaContainer(image).withWaitStrategy(Wait.forListeningPorts()),
  running: image => new KafkaContainer(image).withWaitStrategy(Wait.forLogMessage(/Transitioning from RECOVERY to RUNNING/)),
}

/**
 * Modules that wait for the broker. Left to itself the library waits for its own start script only (it takes the wait strategy for the
 * script as the user's own), and the client has to try again until the broker listens, which kafkajs does unless told otherwise.
 */
const WAITING = new Set(['listening', 'running'])

function within(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${LIMIT_MS} ms`)), LIMIT_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Creates a topic, writes to it and reads it back in a group, with so many tries again as `retry` allows for each call. */
async function use(bootstrap, retry) {
  const ready = performance.now()
  // Left to itself kafkajs gives a connection one second, which a busy machine may need.
  const limits = { connectionTimeout: LIMIT_MS, authenticationTimeout: LIMIT_MS, requestTimeout: LIMIT_MS }
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry, ...limits })
  const seen = { bootstrap }
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1 }] })
  seen.cluster_id = (await admin.describeCluster()).clusterId
  // kafkajs has no idempotent producer without retries.
  const producer = kafka.producer({ idempotent: retry === undefined, retry })
  await producer.connect()
  for (let n = 0; n < COUNT; n++) {
    await producer.send({ topic: TOPIC, acks: -1, messages: [{ value: `value-${n}`, partition: n % PARTITIONS }] })
    if (n === 0) seen.first_record_ms = since(ready)
  }
  await producer.disconnect()
  Object.assign(seen, await readInGroup(kafka))
  seen.group_ms = since(ready)
  const [offsets] = await admin.fetchOffsets({ groupId: 'readers', topics: [TOPIC] })
  seen.committed = offsets.partitions.map(({ offset }) => Math.max(0, Number(offset))).reduce((sum, offset) => sum + offset)
  await admin.disconnect()
  return seen
}

async function readInGroup(kafka) {
  const consumer = kafka.consumer({ groupId: 'readers', maxWaitTimeInMs: 100 })
  const values = []
  let owned = []
  const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    owned = payload.memberAssignment[TOPIC] ?? []
    resolve()
  }))
  await consumer.connect()
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
  const all = new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer.run({ eachMessage: async ({ message }) => {
      values.push(message.value.toString())
      if (values.length === COUNT) resolve()
    } }).catch(reject)
  })
  await within(joined, 'joining a group')
  await within(all, 'reading in a group')
  await consumer.stop()
  await consumer.disconnect()
  return { values, owned: owned.toSorted() }
}

/** Copies the log of every container of the image, and what the engine looks like, to stderr, for a failing test to show. */
async function showLogs(image) {
  const { container: engine } = await getContainerRuntimeClient()
  for (const found of await engine.list()) {
    if (found.Image === image) console.error((await engine.getById(found.Id).logs({ stdout: true, stderr: true, follow: false })).toString())
  }
  const [command, ...words] = (process.env.SURROUNDINGS ?? '').split(' ')
  if (command) spawnSync(command, words, { stdio: 'inherit' })
}

async function once(module, image) {
  const network = module === 'network' ? await new Network().start() : undefined
  let container
  try {
    const start = performance.now()
    container = await MODULES[module](image, network).start()
    const ready_ms = since(start)
    const bootstrap = `${container.getHost()}:${container.getMappedPort(9093)}`
    const seen = await use(bootstrap, WAITING.has(module) ? { retries: 0 } : undefined)
    const stopping = performance.now()
    await container.stop()
    container = undefined
    return { ready_ms, ...seen, stop_ms: since(stopping) }
  } catch (failure) {
    await showLogs(image)
    throw failure
  } finally {
    await container?.stop()
    await network?.stop()
  }
}

async function main([module, image, count]) {
  if (!MODULES[module]) throw new Error(`there is no module ${module}`)
  const runs = []
  for (let n = 0; n < Number(count); n++) runs.push(await once(module, image))
  console.log(JSON.stringify({ runs }))
}

main(process.argv.slice(2)).then(() => process.exit(0), failure => {
  console.error(failure)
  process.exit(1)
})
