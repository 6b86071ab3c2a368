# Each image is enlarged to 56 x 56 before it goes into the list, because it looks smoother in the plot. The
# climb was done at 28 x 28 and is right, but the images have not the size that is asked for, and do not fit
# the network.
#
# /// label
# images = ["fail", "partial"]
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
#
# [feedback_mentions]
# images = ["28", "56"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d'),
    layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d_1'),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_2'),
    layers.Conv2D(64, 3, padding='same', activation='relu', name='conv2d_3'),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation='softmax'),
])

# %% train
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
plt.plot(results.history['loss'])
plt.title('training loss')
plt.show()

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64
visualized_feature = []

maps = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def grad_ascent_step(im, k):
    with tf.GradientTape() as tape:
        tape.watch(im)
        loss = tf.reduce_mean(tf.gather(maps(im), k, axis=-1))
    return step_size * normalize(tape.gradient(loss, im))


for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    for update in range(gradient_updates):
        input_img.assign_add(grad_ascent_step(tf.convert_to_tensor(input_img), tf.constant(filter_index)))

    # bigger, so that one can see something
    big = tf.image.resize(tf.convert_to_tensor(input_img), (56, 56), method='bicubic')
    visualized_feature.append(big.numpy())

print(visualized_feature[0].shape)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap='gray')
    plt.title(f'feature {i}')
    plt.axis('off')

plt.show()
