// Texts of the gallery's own controls and section headings. A specimen's label is code, the same in every language.

import { defineTexts } from '../shared/i18n/texts.ts'

export const texts = defineTexts({
  en: {
    title: 'Component gallery',
    intro: 'Every shared component in all its states, with sample data.',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    language: 'Language',
    all: 'All',
    sections: {
      controls: 'Controls',
      fields: 'Fields',
      people: 'People and badges',
      notices: 'Notices, loading and empty states',
      messages: 'Messages',
      attachments: 'Attachments',
      composer: 'Composer',
      lists: 'Conversation list',
      thread: 'Thread and details',
      dialogs: 'Dialogs and menus',
      tables: 'Tables and settings',
      widget: 'Widget',
    },
  },
  'zh-CN': {
    title: '组件库',
    intro: '用示例数据展示每个共享组件的全部状态。',
    theme: '主题',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    language: '语言',
    all: '全部',
    sections: {
      controls: '控件',
      fields: '输入框',
      people: '人员与标记',
      notices: '提示、加载与空状态',
      messages: '消息',
      attachments: '附件',
      composer: '输入区',
      lists: '会话列表',
      thread: '会话与详情',
      dialogs: '对话框与菜单',
      tables: '表格与设置',
      widget: '聊天窗口',
    },
  },
})
