// Texts for attachments, shared by widget and console.

import { limits } from '#protocol/limits/wire.ts'
import { defineTexts } from '../i18n/texts.ts'

const megabytes = limits.attachmentBytes / 1024 / 1024

export const texts = defineTexts({
  en: {
    toSend: 'Files to send',
    remove: (name: string) => `Remove ${name}`,
    reason: {
      empty: 'is empty',
      too_large: `is larger than ${megabytes} MB`,
      type: 'has an unsupported file type. You can send images, PDF, Office documents, text, archives, audio and video.',
      too_many: `exceeds the limit of ${limits.attachmentsPerSelection} files`,
    },
    uploading: (name: string) => `Uploading ${name}`,
    cancel: 'Cancel',
    open: (name: string) => `View ${name}`,
    download: 'Download',
    unreadable: 'Couldn’t load this file',
    tryAgain: 'Try again',
    image: (name: string, at: number, count: number) => (count > 1 ? `${name} (${at} of ${count})` : name),
    previous: 'Previous image',
    next: 'Next image',
    close: 'Close',
    loading: 'Loading…',
  },
  'zh-CN': {
    toSend: '待发送的文件',
    remove: (name) => `移除 ${name}`,
    reason: {
      empty: '是空文件',
      too_large: `超过 ${megabytes} MB`,
      type: '的类型不受支持。可以发送图片、PDF、Office 文档、文本、压缩包、音频和视频。',
      too_many: `超出数量：一次最多 ${limits.attachmentsPerSelection} 个`,
    },
    uploading: (name) => `正在上传 ${name}`,
    cancel: '取消',
    open: (name) => `查看 ${name}`,
    download: '下载',
    unreadable: '无法加载',
    tryAgain: '重试',
    image: (name, at, count) => (count > 1 ? `${name}（${at}/${count}）` : name),
    previous: '上一张图片',
    next: '下一张图片',
    close: '关闭',
    loading: '加载中…',
  },
})
