-- Of which of its fields the account's past is told by dated events, so that what holds now says nothing of before. NULL: no record of a CRM
-- stands for it, so that an import alone made it a customer.
ALTER TABLE account ADD COLUMN dated text[];
UPDATE account a SET dated = '{}'
 WHERE EXISTS (SELECT 1 FROM account_record r WHERE r.workspace_id = a.workspace_id AND r.account_id = a.account_id);
