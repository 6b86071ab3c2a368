# Sequential by add, the old way with input_shape in the first layer, average pooling, and early stopping on
# a part of the training data. All 64 images climb together, every gradient normalised by itself.
#
# /// label
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Conv2D(8, kernel_size=(5, 5), padding='same', activation='relu',
                        input_shape=(28, 28, 1), name='conv2d'))
model.add(layers.AveragePooling2D(pool_size=(2, 2)))
model.add(layers.Conv2D(16, kernel_size=(3, 3), padding='same', activation='relu', name='conv2d_1'))
model.add(layers.Conv2D(24, kernel_size=(3, 3), padding='same', activation='relu', name='conv2d_2'))
model.add(layers.AveragePooling2D(pool_size=(2, 2)))
model.add(layers.Conv2D(64, kernel_size=(3, 3), padding='same', activation='relu', name='conv2d_3'))
model.add(layers.Flatten())
model.add(layers.Dropout(0.25))
model.add(layers.Dense(10, activation='softmax'))
model.summary()

# %% train
stopper = keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=2, restore_best_weights=True)

model.compile(loss=keras.losses.categorical_crossentropy,
              optimizer=keras.optimizers.Adam(),
              metrics=['accuracy'])
results = model.fit(x_train, y_train,
                    batch_size=32,
                    epochs=5,
                    verbose=2,
                    validation_split=0.1,
                    callbacks=[stopper])

plt.plot(results.history['loss'], label='training')
plt.plot(results.history['val_loss'], label='validation')
plt.xlabel('epoch')
plt.legend()
plt.show()

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64

layer_model = keras.models.Model(model.inputs, model.get_layer(layer_name).output)

# one noise image per filter, all in one batch
batch = tf.Variable(tf.random.uniform(shape=(number_of_filters, 28, 28, 1)))

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        out = layer_model(batch)
        total = 0.
        for k in range(number_of_filters):
            total += tf.reduce_mean(out[k, :, :, k])   # image k <-> filter k
    g = tape.gradient(total, batch)
    # normalize() would take the mean over the whole batch, so picture by picture
    g = tf.stack([normalize(one) for one in g])
    batch.assign_add(step_size * g)
    if (update + 1) % 10 == 0:
        print(update + 1, 'steps, mean activation', float(total) / number_of_filters)

visualized_feature = [picture for picture in batch.numpy()]

# %% plot
figure, ax = plt.subplots(8, 8, figsize=(12, 12))
for row in range(8):
    for col in range(8):
        k = 8 * row + col
        ax[row, col].imshow(deprocess_image(visualized_feature[k].copy())[:, :, 0], cmap='gray')
        ax[row, col].set_title('feature %d' % k, fontsize=9)
        ax[row, col].set_xticks([])
        ax[row, col].set_yticks([])
plt.show()
