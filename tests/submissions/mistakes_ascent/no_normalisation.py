# Forgot to normalise: the bare gradient of a mean over a whole map is tiny, so fifty steps hardly change
# the noise. The loss, the filter and the direction are right.
#
# /// label
# ascent = "fail"
# updates = "fail"
# objective = ["pass", "partial", "fail"]
#
# [feedback_mentions]
# ascent = ["normaliz"]
#
# [causes]
# ascent = "not_normalized"
# objective = "not_normalized"
# updates = "not_normalized"
# ///

# %% cnn
# my network: 4 convolutions, 2 poolings
model = keras.models.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, (3, 3), activation='relu', padding='same', name='conv2d'),
    layers.MaxPooling2D((2, 2)),
    layers.Conv2D(16, (3, 3), activation='relu', padding='same', name='conv2d_1'),
    layers.Conv2D(32, (3, 3), activation='relu', padding='same', name='conv2d_2'),
    layers.Conv2D(32, (3, 3), activation='relu', padding='same', name='conv2d_3'),
    layers.MaxPooling2D((2, 2)),
    layers.Flatten(),
    layers.Dense(10, activation='softmax'),
])
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss='categorical_crossentropy',
    metrics=['accuracy'],
)
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
plt.plot(results.history['loss'])
plt.show()

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 32
visualized_feature = []

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(low=0, high=1, size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = sub(input_img)
            loss = KTF.mean(maps[..., filter_index])
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

print(len(visualized_feature), 'images')

# %% plot
figure = plt.figure(figsize=(14, 8))

k = 0
for image in visualized_feature:
    ax = figure.add_subplot(4, 8, k + 1)
    ax.imshow(deprocess_image(image.copy()).reshape(28, 28), cmap='gray')
    ax.set_title('feature %d' % k)
    ax.axis('off')
    k += 1

plt.show()
