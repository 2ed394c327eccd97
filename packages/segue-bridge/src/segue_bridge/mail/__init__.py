"""Mails: :class:`segue_bridge.mail.message.Message`, sent by :class:`segue_bridge.mail.mailer.Mailer`."""
