// The console's texts in the current language.

import { defineTexts } from '../shared/i18n/texts.ts'
import { en } from './texts.en.ts'
import { zhCn } from './texts.zh-cn.ts'

export const texts = defineTexts({ en, 'zh-CN': zhCn })
