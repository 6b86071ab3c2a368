# Starts from noise between 0 and 255, as if the pixels had not been scaled. Fifty steps of size 1 add the
# pattern of the right filter, but to a noise that is stronger than it.
#
# /// label
# images = ["pass", "partial"]
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial"]
# updates = ["pass", "review"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d'),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_1'),
    layers.Conv2D(24, 3, padding='same', activation='relu', name='conv2d_2'),
    layers.Conv2D(36, 3, padding='same', activation='relu', name='conv2d_3'),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation='softmax')])

# %% train
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
plt.plot(results.history['loss'])
plt.plot(results.history['accuracy'])
plt.legend(['loss', 'accuracy'])
plt.show()

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 36
visualized_feature = []

layer_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def get_gradient(image, filter_index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = layer_model(image)
        loss = tf.reduce_mean(tf.gather(output, filter_index, axis=3))
    return normalize(tape.gradient(loss, image))


for filter_index in range(number_of_filters):
    # random grey values
    noise = np.random.randint(0, 256, size=(1, 28, 28, 1)).astype('float32')
    input_img = tf.convert_to_tensor(noise)
    for update in range(gradient_updates):
        input_img = input_img + step_size * get_gradient(input_img, tf.constant(filter_index))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(6):
    for j in range(6):
        k = 6 * i + j
        ax = figure.add_subplot(6, 6, k + 1)
        ax.imshow(deprocess_image(visualized_feature[k].copy()).squeeze(), cmap='gray')
        ax.set_title('feature %d' % k)
        ax.axis('off')

plt.show()
