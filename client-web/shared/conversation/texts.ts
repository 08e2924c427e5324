// The words of the message list and the composer, for both surfaces.

import { limits } from '#protocol/limits.ts'
import { defineTexts, plural } from '../i18n/texts.ts'

export const texts = defineTexts({
  en: {
    messages: 'Messages',
    you: 'You',
    earlier: 'Show earlier messages',
    loading: 'Loading…',
    sending: 'Sending',
    sent: 'Sent',
    read: 'Read',
    notSent: 'Not sent',
    retry: 'Try again',
    remove: 'Delete',
    refused: {
      forbidden: 'you cannot write here',
      conversation_closed: 'the conversation is closed',
      too_large: 'it is too long',
      other: 'the server refused it',
    },
    fresh: 'New',
    newMessages: (count: number) => plural(count, '1 new message', `${count} new messages`),
    announce: (name: string, text: string) => `${name}: ${text}`,
    typing: (name: string) => `${name} is typing…`,
    send: 'Send',
    left: (count: number) => plural(count, '1 character left', `${count} characters left`),
    tooLong: (over: number) => `${over} over the limit of ${limits.contentLength} characters`,
  },
  'zh-CN': {
    messages: '消息',
    you: '我',
    earlier: '查看更早的消息',
    loading: '加载中…',
    sending: '发送中',
    sent: '已发送',
    read: '已读',
    notSent: '未发送',
    retry: '重试',
    remove: '删除',
    refused: {
      forbidden: '您无法在此发言',
      conversation_closed: '会话已结束',
      too_large: '内容过长',
      other: '服务器拒绝了这条消息',
    },
    fresh: '新消息',
    newMessages: (count) => `${count} 条新消息`,
    announce: (name, text) => `${name}：${text}`,
    typing: (name) => `${name} 正在输入…`,
    send: '发送',
    left: (count) => `还可输入 ${count} 个字`,
    tooLong: (over) => `超出 ${over} 个字（上限 ${limits.contentLength} 字）`,
  },
})
