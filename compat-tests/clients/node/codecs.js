'use strict'

// kafkajs compresses by gzip alone; the other codecs come from packages and are hung in here. Node 20 has no zstd of its own.

const { CompressionCodecs, CompressionTypes } = require('kafkajs')
const lz4 = require('lz4-napi')
const snappy = require('kafkajs-snappy')
const { ZstdCodec } = require('zstd-codec')

const LEVEL = 3

const zstd = new Promise(resolve => ZstdCodec.run(binding => resolve(new binding.Streaming())))

const lz4Codec = () => ({
  compress: encoder => lz4.compressFrame(encoder.buffer),
  decompress: buffer => lz4.decompressFrame(buffer),
})

const zstdCodec = () => ({
  compress: async encoder => Buffer.from((await zstd).compress(encoder.buffer, LEVEL)),
  decompress: async buffer => Buffer.from((await zstd).decompress(buffer)),
})

CompressionCodecs[CompressionTypes.Snappy] = snappy
CompressionCodecs[CompressionTypes.LZ4] = lz4Codec
CompressionCodecs[CompressionTypes.ZSTD] = zstdCodec

module.exports = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}
