// Texts of the banner for a new version.

import { defineTexts } from '../i18n/texts.ts'

export const texts = defineTexts({
  en: {
    available: 'A new version is available.',
    sendFirst: 'A new version is available. It loads once your files are sent.',
    reload: 'Reload',
  },
  'zh-CN': {
    available: '有新版本可用。',
    sendFirst: '有新版本可用，文件发送后将自动加载。',
    reload: '重新加载',
  },
})
