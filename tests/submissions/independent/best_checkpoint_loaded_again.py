# Callbacks: early stopping and a checkpoint; the best model is saved to a file and read again. In Colab, so
# the cells have lost their ids. The plot deprocesses in place, which costs nothing. Everything right.
#
# /// label
# [cells]
# strip_metadata = true
# ///

# %% cnn
def make_model():
    net = keras.Sequential([
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, activation='relu', padding='same', name='conv2d'),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, activation='relu', padding='same', name='conv2d_1'),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, activation='relu', padding='same', name='conv2d_2'),
        layers.Conv2D(64, 3, activation='relu', padding='same', name='conv2d_3'),
        layers.Flatten(),
        layers.Dense(10, activation='softmax'),
    ])
    return net

model = make_model()
model.summary()

# %% train
callbacks = [
    keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=2),
    keras.callbacks.ModelCheckpoint('best_digits.keras', monitor='val_accuracy', save_best_only=True),
]

model.compile(optimizer=keras.optimizers.Adam(1e-3), loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, validation_split=0.1,
                    callbacks=callbacks, verbose=2)

# continue with the best one, not with the last one
model = keras.models.load_model('best_digits.keras')
print('test:', model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64
visualized_feature = []

fm = keras.Model(model.inputs, model.get_layer(layer_name).output)
eye = tf.eye(number_of_filters)

imgs = tf.Variable(np.random.uniform(size=(number_of_filters, 28, 28, 1)).astype(np.float32))
for it in range(gradient_updates):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.reduce_mean(fm(imgs), axis=(1, 2)) * eye)
    g = tape.gradient(loss, imgs)
    g = tf.stack([normalize(gi) for gi in g])
    imgs.assign_add(step_size * g)
for i in range(number_of_filters):
    visualized_feature.append(imgs[i:i + 1].numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i]).reshape(28, 28), cmap='gray')
    plt.title('feature ' + str(i))
    plt.axis('off')

plt.show()
