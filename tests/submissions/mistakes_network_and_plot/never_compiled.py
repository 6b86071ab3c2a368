# model.fit is called without model.compile before it, so that it stops with an error: the network stays as
# random as it began. Everything else is right, also the images, which belong to this random network.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["compil"]
#
# [causes]
# training = "not_trained"
# ///

# %% cnn
L = keras.layers
model = keras.Sequential([
    L.Input(shape=(28, 28, 1)),
    L.Conv2D(16, (3, 3), name='conv2d', activation='relu', padding='same'),
    L.MaxPooling2D((2, 2)),
    L.Conv2D(16, (3, 3), name='conv2d_1', activation='relu', padding='same'),
    L.Conv2D(32, (3, 3), name='conv2d_2', activation='relu', padding='same'),
    L.Conv2D(64, (3, 3), name='conv2d_3', activation='relu', padding='same'),
    L.MaxPooling2D((2, 2)),
    L.Flatten(),
    L.Dropout(0.4),
    L.Dense(10, activation='softmax'),
])

# %% train
results = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)

plt.plot(results.history['loss'], label='training')
plt.plot(results.history['val_loss'], label='validation')
plt.legend()
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

activation_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)


@tf.function
def gradient_of(img, idx):
    with tf.GradientTape() as tape:
        tape.watch(img)
        loss = tf.reduce_mean(activation_model(img)[:, :, :, idx])
    return loss, tape.gradient(loss, img)


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1), 0, 1))

    for update in range(gradient_updates):
        loss, grads = gradient_of(tf.convert_to_tensor(input_img), tf.constant(filter_index))
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

k = 0
for feature in visualized_feature:
    plt.subplot(8, 8, k + 1)
    plt.title('feature {}'.format(k), fontsize=8)
    plt.imshow(deprocess_image(feature.copy()).reshape(28, 28), cmap='gray')
    plt.axis('off')
    k += 1

plt.subplots_adjust(hspace=0.4)
plt.show()
